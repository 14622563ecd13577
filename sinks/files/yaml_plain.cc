// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "pipeline/text.h"
#include "sinks/files/yaml.h"

// Helm, kubectl and Compose each use a parser of another age. What counts here is whether any of
// them takes an unquoted text for a number, a date, a truth value or nothing; the rules are the
// union of YAML 1.2.2 section 10.3 and the types of YAML 1.1 (yaml.org/type). In doubt the answer
// is no: quotes never hurt.

namespace longshore {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_word(std::string_view text) {
  static constexpr std::array<std::string_view, 14> kWords = {
      "null", "true", "false", "yes",  "no",  "on",  "off",
      "y",    "n",    ".inf",  ".nan", "nan", "inf", "~"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

// Digits, a point, digits, an exponent; text has no sign and no "_" any more.
bool is_decimal(std::string_view text) {
  const std::size_t e = text.find('e');
  if (e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('+') || exponent.starts_with('-')) exponent.remove_prefix(1);
    if (!exponent.empty() && !all_digits(exponent)) return false;
    text = text.substr(0, e);
  }
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return all_digits(text);
  const std::string_view before = text.substr(0, point);
  const std::string_view after = text.substr(point + 1);
  if (before.empty() && after.empty()) return false;
  return (before.empty() || all_digits(before)) && (after.empty() || all_digits(after));
}

bool is_based(std::string_view text) {
  return (text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b")) &&
         std::all_of(text.begin() + 2, text.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

// 1:30 is ninety, 2024-01-15 is a day.
bool is_clock_or_date(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_digit(c) || c == ':' || c == '.'; });
  }
  const std::size_t dash = text.find('-');
  return dash == 4 && all_digits(text.substr(0, 4)) && text.size() > 5 && is_digit(text[5]) &&
         text.find('-', 5) != std::string_view::npos;
}

bool is_number(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  std::string_view rest = text;
  if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
  return is_decimal(rest) || is_based(rest) || is_clock_or_date(rest);
}

}  // namespace

bool is_plain_string(std::string_view text) {
  if (text.empty()) return false;
  if (!is_digit(text[0]) && !is_letter(text[0]) && text[0] != '_') return false;
  const bool ordinary = std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || is_letter(c) ||
           std::string_view("._-/:@").find(c) != std::string_view::npos;
  });
  if (!ordinary || text.back() == ':') return false;
  const std::string folded = in_lower_case(text);
  return !is_word(folded) && !is_number(folded);
}

}  // namespace longshore
