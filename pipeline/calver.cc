// SPDX-License-Identifier: Apache-2.0
#include "pipeline/calver.h"

#include <algorithm>
#include <array>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMostBytes = 64;
constexpr std::size_t kMostDigits = 18;  // fits 64 bits

Error refuse(std::string_view text, std::string_view why) {
  return {Errc::invalid_input, "layout " + in_quotes(text) + ": " + std::string(why) +
                                   "; a layout looks like YYYY.MM.DD, YYYY.0M.MICRO or YY.MM"};
}

bool is_literal(char c) {
  return is_digit(c) || is_lower(c) || c == '.' || c == '-' || c == '_';
}

}  // namespace

Result<CalverLayout> CalverLayout::parse(std::string_view text) {
  struct Word {
    std::string_view name;
    Unit unit;
    std::size_t least;
    std::size_t most;
  };
  constexpr std::array<Word, 12> kWords{{{"YYYY", Unit::year, 4, 4},
                                         {"YY", Unit::year, 1, 3},
                                         {"0Y", Unit::year, 2, 3},
                                         {"MM", Unit::month, 1, 2},
                                         {"0M", Unit::month, 2, 2},
                                         {"WW", Unit::week, 1, 2},
                                         {"0W", Unit::week, 2, 2},
                                         {"DD", Unit::day, 1, 2},
                                         {"0D", Unit::day, 2, 2},
                                         {"MAJOR", Unit::major, 1, kMostDigits},
                                         {"MINOR", Unit::minor, 1, kMostDigits},
                                         {"MICRO", Unit::micro, 1, kMostDigits}}};
  if (text.size() > kMostBytes) return refuse(text, "it is longer than 64 bytes");
  CalverLayout made;
  made.text_ = std::string(text);
  std::array<bool, 7> seen{};  // by Unit
  for (std::string_view rest = text; !rest.empty();) {
    const auto word = std::find_if(kWords.begin(), kWords.end(), [&](const Word& candidate) {
      return rest.starts_with(candidate.name);
    });
    if (word != kWords.end()) {
      bool& twice = seen.at(static_cast<std::size_t>(word->unit));
      if (twice) return refuse(text, "a part stands in it twice");
      twice = true;
      made.parts_.push_back({word->unit, word->least, word->most, '\0'});
      rest.remove_prefix(word->name.size());
      continue;
    }
    if (!is_literal(rest.front())) {
      return refuse(text, in_quotes(rest.substr(0, 1)) + " begins no part of a layout");
    }
    made.parts_.push_back({Unit::literal, 1, 1, rest.front()});
    rest.remove_prefix(1);
  }
  if (!seen.at(static_cast<std::size_t>(Unit::year))) return refuse(text, "it has no year");

  // The places of the date's parts are filled with them by significance, the others stay.
  std::vector<std::size_t> date;
  for (std::size_t i = 0; i < made.parts_.size(); ++i) {
    if (made.parts_[i].unit <= Unit::day) date.push_back(i);
    if (made.parts_[i].unit != Unit::literal) made.order_.push_back(i);
  }
  std::sort(date.begin(), date.end(), [&](std::size_t a, std::size_t b) {
    return made.parts_[a].unit < made.parts_[b].unit;
  });
  auto next = date.begin();
  for (std::size_t& place : made.order_) {
    if (made.parts_[place].unit <= Unit::day) place = *next++;
  }
  return made;
}

// Takes a number as long as it may be, and checks it.
std::optional<std::uint64_t> CalverLayout::take(const Part& part, std::string_view& rest) {
  std::uint64_t number = 0;
  std::size_t digits = 0;
  while (digits < part.most && digits < rest.size() && is_digit(rest[digits])) {
    number = number * 10 + static_cast<std::uint64_t>(rest[digits] - '0');
    ++digits;
  }
  if (digits < part.least) return std::nullopt;
  rest.remove_prefix(digits);
  const auto within = [&](std::uint64_t most) { return number >= 1 && number <= most; };
  switch (part.unit) {
    case Unit::year:
      return part.least == 4 ? number : number + 2000;
    case Unit::month:
      if (!within(12)) return std::nullopt;
      break;
    case Unit::week:
      if (!within(53)) return std::nullopt;
      break;
    case Unit::day:
      if (!within(31)) return std::nullopt;
      break;
    case Unit::major:
    case Unit::minor:
    case Unit::micro:
    case Unit::literal:
      break;
  }
  return number;
}

std::optional<std::vector<std::uint64_t>> CalverLayout::read(std::string_view tag) const {
  if (tag.starts_with('v') && !text_.starts_with('v')) tag.remove_prefix(1);
  std::vector<std::uint64_t> numbers(parts_.size());
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (part.unit == Unit::literal) {
      if (!tag.starts_with(part.literal)) return std::nullopt;
      tag.remove_prefix(1);
      continue;
    }
    const auto number = take(part, tag);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  if (!tag.empty()) return std::nullopt;
  std::vector<std::uint64_t> ordered;
  for (const std::size_t place : order_)
    ordered.push_back(numbers[place]);
  return ordered;
}

}  // namespace longshore
