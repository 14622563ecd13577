// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "pipeline/text.h"
#include "receiver/source_kind.h"
#include "receiver/sources/kinds.h"

namespace longshore {
namespace {

constexpr std::array kKinds = {
    &kDockerHubSource, &kHarborSource, &kDistributionSource, &kGitHubSource, &kNativeSource,
};

}  // namespace

std::span<const SourceKind* const> source_kinds() noexcept {
  return kKinds;
}

// The types are few. REQUIRES: each has a row, which a test looks after.
const SourceKind& kind_of(SourceType type) noexcept {
  return **std::find_if(kKinds.begin(), kKinds.end(),
                        [type](const SourceKind* kind) { return kind->type == type; });
}

std::string_view name_of(SourceType type) noexcept {
  return kind_of(type).name;
}

bool can_sign(SourceType type) noexcept {
  return kind_of(type).signing != Signing::none;
}

bool names_host(SourceType type) noexcept {
  return kind_of(type).names_host;
}

bool has_webhook_secrets(SourceType type) noexcept {
  return kind_of(type).signing == Signing::standard_webhooks;
}

Result<SourceType> parse_source_type(std::string_view text) {
  std::string known;
  for (const SourceKind* kind : kKinds) {
    if (kind->name == text) return kind->type;
    if (!known.empty()) known += ", ";
    known += kind->name;
  }
  return Error{Errc::invalid_input,
               "source type '" + std::string(text.substr(0, 64)) + "': this build knows " + known};
}

Result<Decoded> decode(SourceType type, const Headers& headers, std::string_view body) {
  return kind_of(type).decode(headers, body);
}

}  // namespace longshore
