// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace longshore {

// A layout of calendar versions (https://calver.org, "Scheme") and the reading of tags by it:
//
//   YYYY  2026            YY  6, 16, 106     0Y  06, 16, 106    years; the short ones since 2000
//   MM    1, 01, 11       0M  01, 11         months
//   WW    1, 01, 52       0W  01, 52         weeks, up to 53
//   DD    1, 01, 31       0D  01, 31         days
//   MAJOR MINOR MICRO                        any number
//
// What stands between them (".", "-", "_", digits, small letters) stands in the tag, too; a tag may
// have a "v" before it even if the layout has none. The parts of a date are compared as a date,
// wherever they stand, so that DD.MM.YYYY is in order; all else is compared from left to right.
class CalverLayout {
 public:
  // Returns invalid_input, quoting the text and saying what a layout looks like, for one without a
  // year, with a part twice (YYYY and YY are one), or with a character that is neither.
  static Result<CalverLayout> parse(std::string_view text);

  // The tag's numbers, most significant first; nothing if it does not have this layout.
  std::optional<std::vector<std::uint64_t>> read(std::string_view tag) const;

  const std::string& str() const noexcept { return text_; }

  friend bool operator==(const CalverLayout& a, const CalverLayout& b) {
    return a.text_ == b.text_;
  }

 private:
  CalverLayout() = default;

  enum class Unit : std::uint8_t { year, month, week, day, major, minor, micro, literal };
  struct Part {
    Unit unit = Unit::literal;
    std::size_t least = 1;  // digits
    std::size_t most = 1;
    char literal = '\0';
  };
  static std::optional<std::uint64_t> take(const Part& part, std::string_view& rest);

  std::string text_;
  std::vector<Part> parts_;
  std::vector<std::size_t> order_;  // the parts that are numbers, most significant first
};

}  // namespace longshore
