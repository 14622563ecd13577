// SPDX-License-Identifier: Apache-2.0
#include "receiver/http_message.h"

#include <algorithm>

#include "pipeline/text.h"

namespace longshore {
namespace {

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace

std::optional<std::string_view> find_header(const Headers& headers,
                                            std::string_view name) noexcept {
  std::optional<std::string_view> found;
  for (const auto& [key, value] : headers) {
    if (!equal_without_case(key, name)) continue;
    if (found) return std::nullopt;
    found = trim(value);
  }
  return found;
}

}  // namespace longshore
