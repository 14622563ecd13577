// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace longshore {

// A version as tags carry it: Semantic Versioning 2.0.0 with a leading "v" accepted and a missing
// patch read as 0 ("1.4" = "1.4.0"); at least one dot is needed, so "3050" and "latest" are none.
//
// Build metadata does not count in ordering or equality. A tag cannot hold "+", so there it is
// written after "_", as Helm does: "1.4.0_build5" is version 1.4.0. Both marks are read everywhere.
class Version {
 public:
  // Returns invalid_input, naming what is wrong, unless text is exactly one version. Numbers go
  // up to 2^63-1; leading zeros are refused in numbers and numeric prerelease identifiers.
  static Result<Version> parse(std::string_view text);
  // The version that the text is, if it is one: parse() without the cost of a message, for
  // repositories where most tags carry none.
  static std::optional<Version> of(std::string_view text);
  // "1.4.0-0": below every other version with these numbers, prereleases included.
  static Version lowest(std::uint64_t major, std::uint64_t minor, std::uint64_t patch);

  std::uint64_t major() const noexcept { return major_; }
  std::uint64_t minor() const noexcept { return minor_; }
  std::uint64_t patch() const noexcept { return patch_; }
  // "rc.1"; empty for a release.
  const std::string& prerelease() const noexcept { return prerelease_; }
  std::string str() const;  // "1.4.0-rc.1"

  // Semantic Versioning 2.0.0, section 11.
  friend std::strong_ordering operator<=>(const Version& a, const Version& b) noexcept;
  friend bool operator==(const Version& a, const Version& b) noexcept { return (a <=> b) == 0; }

 private:
  Version() = default;
  std::uint64_t major_ = 0;
  std::uint64_t minor_ = 0;
  std::uint64_t patch_ = 0;
  std::string prerelease_;
};

// One end of a range, or the one version that it holds.
struct VersionBound {
  enum class Op : std::uint8_t { less, less_equal, greater, greater_equal, equal };
  Op op = Op::equal;
  Version version;
};

// A set of versions, as npm and Masterminds/semver write it:
//
//   range      = set *( "||" set )
//   set        = comparator *( ( " " | "," ) comparator )
//   comparator = [ "=" | ">" | ">=" | "<" | "<=" | "~" | "^" ] partial  |  partial " - " partial
//   partial    = part [ "." part [ "." part [ "-" prerelease ] ] ]     part = number | "x" | "*"
//
// Spaces may stand around each comparator and after its sign; a "v" may stand before a partial.
//
//   ~1.4.2  the same minor, from 1.4.2 on      ~1    any 1.x
//   ^1.4.2  the same major, from 1.4.2 on      ^0.2  any 0.2.x, since below 1.0 a minor may break
//   1.4.x   any 1.4, as are 1.4 and =1.4       ^0.0.3  0.0.3 alone
//
// Where prereleases count at all, a partial stands for its whole line with the prereleases of that
// line: 2.0.0-rc.1 belongs to "2", so "<2" does not hold it and ">=2" does. An excluded end takes
// its own prereleases along: neither "<2.0.0" nor "^1.4" holds 2.0.0-rc.1, unless the same set
// names a prerelease of that very version (">=2.0.0-rc.1 <2.0.0").
class VersionRange {
 public:
  // Returns invalid_input, quoting the text, saying what is wrong with it and what a range looks
  // like.
  static Result<VersionRange> parse(std::string_view text);

  // Whether the version lies within the bounds, prereleases included.
  bool contains(const Version& version) const noexcept;
  // Whether a bound itself names a prerelease (">=2.0.0-rc.1"): then prereleases are candidates.
  bool names_prerelease() const noexcept { return names_prerelease_; }
  // As it was written, without spaces around it.
  const std::string& str() const noexcept { return text_; }

  friend bool operator==(const VersionRange& a, const VersionRange& b) {
    return a.text_ == b.text_;
  }

 private:
  VersionRange() = default;
  std::string text_;
  bool names_prerelease_ = false;
  std::vector<std::vector<VersionBound>> sets_;  // any of: all of
};

}  // namespace longshore
