// SPDX-License-Identifier: Apache-2.0
#include "receiver/http_message.h"

#include "pipeline/text.h"

namespace longshore {

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
