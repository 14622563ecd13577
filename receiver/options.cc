// SPDX-License-Identifier: Apache-2.0
#include "receiver/options.h"

#include <array>

namespace longshore {
namespace {

constexpr std::array kTypes = {SourceType::dockerhub, SourceType::harbor, SourceType::distribution,
                               SourceType::github, SourceType::native};

}  // namespace

std::string_view name_of(SourceType type) noexcept {
  switch (type) {
    case SourceType::dockerhub:
      return "dockerhub";
    case SourceType::harbor:
      return "harbor";
    case SourceType::distribution:
      return "distribution";
    case SourceType::github:
      return "github";
    case SourceType::native:
      break;
  }
  return "native";
}

Result<SourceType> parse_source_type(std::string_view text) {
  std::string known;
  for (const SourceType type : kTypes) {
    if (name_of(type) == text) return type;
    if (!known.empty()) known += ", ";
    known += name_of(type);
  }
  return Error{Errc::invalid_input,
               "source type '" + std::string(text.substr(0, 64)) + "': this build knows " + known};
}

}  // namespace longshore
