// SPDX-License-Identifier: Apache-2.0
//
// A range is read into sets of bounds: "~1.4 || ^2.1.3" becomes
// {>=1.4.0-0 <1.5.0-0} or {>=2.1.3 <3.0.0-0}. The prerelease "0" is the lowest there is, so a bound
// that ends in it puts all prereleases of its version on the side of that version's own line.
// Keeping the comparators and matching each by its own rule was rejected: contains() runs for every
// tag of a repository.
#include <algorithm>
#include <array>

#include "pipeline/text.h"
#include "pipeline/version.h"

namespace longshore {
namespace {

using Op = VersionBound::Op;
using Set = std::vector<VersionBound>;

constexpr std::string_view kSpace = " \t\r\n";

Error bad(std::string_view why) {
  return Error{Errc::invalid_input, std::string(why)};
}

enum class Sign { none, equal, greater, greater_equal, less, less_equal, tilde, caret };

// "1", "1.4", "1.4.2" or "1.x": how many numbers are given, and the lowest version of that line
// (for three numbers: the version itself).
struct Partial {
  int numbers = 0;
  Version version = Version::lowest(0, 0, 0);
};

// The first version beyond the line that shares the first `numbers` numbers.
Version beyond(const Version& version, int numbers) {
  if (numbers == 1) return Version::lowest(version.major() + 1, 0, 0);
  if (numbers == 2) return Version::lowest(version.major(), version.minor() + 1, 0);
  return Version::lowest(version.major(), version.minor(), version.patch() + 1);
}

Set from_until(const Partial& partial, int same_numbers) {
  if (partial.numbers == 0) return {};
  return {{Op::greater_equal, partial.version}, {Op::less, beyond(partial.version, same_numbers)}};
}

// Below 1.0 the first number that is not zero is the one that may not change.
int caret_numbers(const Partial& partial) {
  if (partial.numbers == 1 || partial.version.major() > 0) return 1;
  if (partial.numbers == 2 || partial.version.minor() > 0) return 2;
  return 3;
}

Result<Set> outside(Sign sign, const Partial& partial) {
  if (partial.numbers == 0) return bad("nothing is below or above every version");
  const bool whole = partial.numbers == 3;
  if (sign == Sign::less) return Set{{Op::less, partial.version}};
  if (whole) return Set{{Op::greater, partial.version}};
  return Set{{Op::greater_equal, beyond(partial.version, partial.numbers)}};
}

Set up_to(const Partial& partial) {
  if (partial.numbers == 0) return {};
  if (partial.numbers == 3) return {{Op::less_equal, partial.version}};
  return {{Op::less, beyond(partial.version, partial.numbers)}};
}

Result<Set> bounds_of(Sign sign, const Partial& partial) {
  switch (sign) {
    case Sign::less:
    case Sign::greater:
      return outside(sign, partial);
    case Sign::less_equal:
      return up_to(partial);
    case Sign::greater_equal:
      if (partial.numbers == 0) return Set{};
      return Set{{Op::greater_equal, partial.version}};
    case Sign::tilde:
      return from_until(partial, std::min(std::max(partial.numbers, 1), 2));
    case Sign::caret:
      return from_until(partial, caret_numbers(partial));
    case Sign::none:
    case Sign::equal:
      break;
  }
  if (partial.numbers == 3) return Set{{Op::equal, partial.version}};
  return from_until(partial, partial.numbers);
}

bool is_wildcard(std::string_view part) {
  return part == "x" || part == "X" || part == "*";
}

// The numbers as a version that Version::parse() can check: "1.4" and "1.4.x" become "1.4.0".
Result<Partial> parse_partial(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const std::size_t core_size = std::min(text.find_first_of("-+"), text.size());
  std::array<std::string_view, 3> parts{"0", "0", "0"};
  int given = 0;
  int numbers = 0;
  for (std::string_view rest = text.substr(0, core_size);; ++given) {
    if (given == 3) return bad("a version has at most three numbers");
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    if (!is_wildcard(part)) {
      if (numbers < given) return bad("after 'x' or '*' only the same may follow");
      parts[static_cast<std::size_t>(numbers++)] = part;
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  const std::string_view suffix = text.substr(core_size);
  if (!suffix.empty() && numbers < 3) return bad("a prerelease needs all three numbers before it");
  std::string whole(parts[0]);
  for (const std::size_t i : {1U, 2U})
    whole.append(".").append(parts[i]);
  auto version = Version::parse(whole.append(suffix));
  if (!version) return std::move(version).error();
  if (numbers == 3) return Partial{numbers, *std::move(version)};
  return Partial{numbers, Version::lowest(version->major(), version->minor(), 0)};
}

// Reads one set, comparator by comparator.
class SetReader {
 public:
  explicit SetReader(std::string_view text) : rest_(trim(text)) {}

  Result<Set> read() {
    if (rest_.empty()) return bad("a part of it is empty");
    for (;;) {
      auto more = read_comparator();
      if (!more) return std::move(more).error();
      set_.insert(set_.end(), more->begin(), more->end());
      rest_ = trim(rest_);
      if (rest_.empty()) break;
      if (rest_.front() == ',') rest_ = trim(rest_.substr(1));
    }
    exclude_prereleases_of_ends();
    return std::move(set_);
  }

  bool names_prerelease() const { return !named_.empty(); }

 private:
  Result<Set> read_comparator() {
    const Sign sign = take_sign();
    auto low = take_partial();
    if (!low) return std::move(low).error();
    if (sign != Sign::none || !take_hyphen()) return bounds_of(sign, *low);
    auto high = take_partial();
    if (!high) return std::move(high).error();
    Set set = *bounds_of(Sign::greater_equal, *low);
    for (VersionBound& bound : up_to(*high))
      set.push_back(std::move(bound));
    return set;
  }

  Sign take_sign() {
    constexpr std::array<std::pair<std::string_view, Sign>, 7> kSigns{{{">=", Sign::greater_equal},
                                                                       {"<=", Sign::less_equal},
                                                                       {">", Sign::greater},
                                                                       {"<", Sign::less},
                                                                       {"=", Sign::equal},
                                                                       {"~", Sign::tilde},
                                                                       {"^", Sign::caret}}};
    for (const auto& [text, sign] : kSigns) {
      if (!rest_.starts_with(text)) continue;
      rest_ = trim(rest_.substr(text.size()));
      return sign;
    }
    return Sign::none;
  }

  Result<Partial> take_partial() {
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n,"), rest_.size());
    if (end == 0) return bad("a version is missing");
    auto partial = parse_partial(rest_.substr(0, end));
    rest_.remove_prefix(end);
    if (partial && partial->numbers == 3 && !partial->version.prerelease().empty()) {
      named_.push_back(partial->version);
    }
    return partial;
  }

  bool take_hyphen() {
    const std::string_view after = trim(rest_);
    const bool spaced = after.size() < rest_.size() && after.size() > 1 && after[0] == '-' &&
                        kSpace.find(after[1]) != std::string_view::npos;
    if (spaced) rest_ = trim(after.substr(1));
    return spaced;
  }

  bool names_prerelease_of(const Version& version) const {
    return std::any_of(named_.begin(), named_.end(), [&](const Version& named) {
      return named.major() == version.major() && named.minor() == version.minor() &&
             named.patch() == version.patch();
    });
  }

  // "<2.0.0" as it is written still holds 2.0.0-rc.1, which nobody means who writes it.
  void exclude_prereleases_of_ends() {
    for (VersionBound& bound : set_) {
      const Version& end = bound.version;
      if (bound.op != Op::less || !end.prerelease().empty() || names_prerelease_of(end)) continue;
      bound.version = Version::lowest(end.major(), end.minor(), end.patch());
    }
  }

  std::string_view rest_;
  Set set_;
  std::vector<Version> named_;  // the prereleases that are written in this set
};

Error describe(std::string_view text, const Error& why) {
  return Error{Errc::invalid_input, "range '" + std::string(text.substr(0, 160)) +
                                        "': " + why.message +
                                        "; a range looks like ~1.4, ^1, 1.x, >=2 <3 or 1.2 - 1.4"};
}

bool holds(const VersionBound& bound, const Version& version) noexcept {
  const std::strong_ordering order = version <=> bound.version;
  switch (bound.op) {
    case Op::less:
      return order < 0;
    case Op::less_equal:
      return order <= 0;
    case Op::greater:
      return order > 0;
    case Op::greater_equal:
      return order >= 0;
    case Op::equal:
      break;
  }
  return order == 0;
}

}  // namespace

Result<VersionRange> VersionRange::parse(std::string_view text) {
  VersionRange range;
  range.text_ = trim(text);
  if (range.text_.empty()) return describe(text, bad("is empty"));
  for (std::string_view rest = range.text_;;) {
    const std::size_t bar = rest.find("||");
    SetReader reader(rest.substr(0, bar));
    auto set = reader.read();
    if (!set) return describe(text, set.error());
    range.sets_.push_back(*std::move(set));
    range.names_prerelease_ = range.names_prerelease_ || reader.names_prerelease();
    if (bar == std::string_view::npos) return range;
    rest.remove_prefix(bar + 2);
  }
}

bool VersionRange::contains(const Version& version) const noexcept {
  return std::any_of(sets_.begin(), sets_.end(), [&](const Set& set) {
    return std::all_of(set.begin(), set.end(),
                       [&](const VersionBound& bound) { return holds(bound, version); });
  });
}

}  // namespace longshore
