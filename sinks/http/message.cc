// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/message.h"

#include <algorithm>

#include "pipeline/text.h"

namespace longshore {

std::optional<std::string_view> find_field(const HttpFields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [name](const auto& field) {
    return equal_without_case(field.first, name);
  });
  if (found == fields.end()) return std::nullopt;
  return found->second;
}

std::string shown_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t start = scheme + 3;
  const std::size_t slash = url.find('/', start);
  const std::size_t at = url.substr(0, slash).rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(url);
  return std::string(url.substr(0, start)).append(url.substr(at + 1));
}

}  // namespace longshore
