// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace longshore {

// Character classes of ASCII, whatever the locale.
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
constexpr char to_lower(char c) noexcept {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

// Whether the texts differ in the case of ASCII letters at most.
bool equal_without_case(std::string_view a, std::string_view b) noexcept;

std::string in_lower_case(std::string_view text);  // its ASCII letters

// The text without white space (space, tab, CR, LF) around it.
inline std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// At most that many bytes of the text, without half a character of UTF-8 at the end, and "…" where
// something is left out.
std::string cut_text(std::string_view text, std::size_t most);

// The text in single quotes for a message: at most 64 bytes of it, control characters as "?".
std::string in_quotes(std::string_view text);

}  // namespace longshore
