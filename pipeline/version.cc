// SPDX-License-Identifier: Apache-2.0
#include "pipeline/version.h"

#include <algorithm>
#include <array>
#include <limits>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

struct Reading {
  std::array<std::uint64_t, 3> numbers{};
  std::string_view prerelease;
  std::string_view fault;  // empty: it is a version
};

bool is_identifier_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Takes what stands before the first dot off the front, and the dot.
std::string_view take_part(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  return part;
}

// Empty if each dotted part is an identifier; else what is wrong.
std::string_view identifiers_fault(std::string_view text, std::string_view empty_fault) {
  std::size_t parts = static_cast<std::size_t>(std::count(text.begin(), text.end(), '.')) + 1;
  for (std::string_view rest = text; parts > 0; --parts) {
    const std::string_view part = take_part(rest);
    if (part.empty()) return empty_fault;
    if (!std::all_of(part.begin(), part.end(), is_identifier_character)) {
      return "after the numbers only letters, digits, '-' and '.' may follow";
    }
  }
  return {};
}

std::string_view prerelease_fault(std::string_view text) {
  const std::string_view fault = identifiers_fault(text, "a part of the prerelease is empty");
  if (!fault.empty()) return fault;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = take_part(rest);
    if (part.size() > 1 && part.front() == '0' && is_number(part)) {
      return "a number in the prerelease has a leading zero";
    }
  }
  return {};
}

struct Number {
  std::uint64_t value = 0;
  std::string_view fault;
};

Number read_number(std::string_view text) {
  constexpr std::string_view kTooLarge = "a number is above 9223372036854775807";
  if (!is_number(text)) return {0, "expected numbers joined by dots, such as 1.4.2"};
  if (text.size() > 1 && text.front() == '0') return {0, "a number has a leading zero"};
  if (text.size() > 19) return {0, kTooLarge};
  std::uint64_t value = 0;
  for (const char c : text)
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  if (value > kMaxNumber) return {0, kTooLarge};
  return {value, {}};
}

Reading read_numbers(std::string_view core) {
  Reading reading;
  const auto dots = std::count(core.begin(), core.end(), '.');
  if (dots == 0) reading.fault = "it needs at least one dot, such as 1.4";
  if (dots > 2) reading.fault = "it has more than three numbers";
  for (std::size_t i = 0; reading.fault.empty() && i <= static_cast<std::size_t>(dots); ++i) {
    const Number number = read_number(take_part(core));
    reading.numbers[i] = number.value;
    reading.fault = number.fault;
  }
  return reading;
}

Reading read(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const std::size_t mark = text.find_first_of("+_");
  const std::string_view plain = text.substr(0, mark);
  const std::size_t dash = plain.find('-');
  Reading reading = read_numbers(plain.substr(0, dash));
  if (reading.fault.empty() && dash != std::string_view::npos) {
    reading.prerelease = plain.substr(dash + 1);
    reading.fault = prerelease_fault(reading.prerelease);
  }
  if (reading.fault.empty() && mark != std::string_view::npos) {
    reading.fault =
        identifiers_fault(text.substr(mark + 1), "a part of the build metadata is empty");
  }
  return reading;
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) noexcept {
  const bool a_number = is_number(a);
  const bool b_number = is_number(b);
  if (a_number != b_number) {
    return a_number ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  // Without leading zeros the longer number is the greater one, whatever its size.
  if (a_number && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_prereleases(std::string_view a, std::string_view b) noexcept {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();  // a release is above
  while (!a.empty() && !b.empty()) {
    const std::strong_ordering order = compare_identifiers(take_part(a), take_part(b));
    if (order != 0) return order;
  }
  return b.empty() <=> a.empty();  // more identifiers are above fewer
}

}  // namespace

Result<Version> Version::parse(std::string_view text) {
  const Reading reading = read(text);
  if (!reading.fault.empty()) {
    return Error{Errc::invalid_input, "'" + std::string(text.substr(0, 160)) +
                                          "' is no version: " + std::string(reading.fault)};
  }
  Version version;
  version.major_ = reading.numbers[0];
  version.minor_ = reading.numbers[1];
  version.patch_ = reading.numbers[2];
  version.prerelease_ = reading.prerelease;
  return version;
}

std::optional<Version> Version::of(std::string_view text) {
  const Reading reading = read(text);
  if (!reading.fault.empty()) return std::nullopt;
  Version version = lowest(reading.numbers[0], reading.numbers[1], reading.numbers[2]);
  version.prerelease_ = reading.prerelease;
  return version;
}

Version Version::lowest(std::uint64_t major, std::uint64_t minor, std::uint64_t patch) {
  Version version;
  version.major_ = major;
  version.minor_ = minor;
  version.patch_ = patch;
  version.prerelease_ = "0";
  return version;
}

std::string Version::str() const {
  std::string text =
      std::to_string(major_) + '.' + std::to_string(minor_) + '.' + std::to_string(patch_);
  if (!prerelease_.empty()) text += '-' + prerelease_;
  return text;
}

std::strong_ordering operator<=>(const Version& a, const Version& b) noexcept {
  if (const auto order = a.major_ <=> b.major_; order != 0) return order;
  if (const auto order = a.minor_ <=> b.minor_; order != 0) return order;
  if (const auto order = a.patch_ <=> b.patch_; order != 0) return order;
  return compare_prereleases(a.prerelease_, b.prerelease_);
}

}  // namespace longshore
