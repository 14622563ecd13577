// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace longshore {

// The text without white space (space, tab, CR, LF) around it.
inline std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace longshore
