// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace longshore {

// A version as tags carry it: Semantic Versioning 2.0.0 with a leading "v" accepted and a missing
// patch read as 0 ("1.4" = "1.4.0"); at least one dot is needed, so "3050" and "latest" are none.
// Build metadata ("+…", in tags also written "_…") does not count in ordering or equality.
class Version {
 public:
  // Returns invalid_input, naming what is wrong, unless text is exactly one version. Numbers go
  // up to 2^63-1; leading zeros are refused in numbers and numeric prerelease identifiers.
  static Result<Version> parse(std::string_view text);

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

// A set of versions, as npm and Masterminds/semver write it:
//
//   range      = set *( "||" set )
//   set        = comparator *( ( " " | "," ) comparator )
//   comparator = [ "=" | ">" | ">=" | "<" | "<=" | "~" | "^" ] partial  |  partial " - " partial
//   partial    = part [ "." part [ "." part [ "-" prerelease ] ] ]     part = number | "x" | "*"
class VersionRange {
 public:
  static Result<VersionRange> parse(std::string_view text);

  // Whether the version lies within the bounds, prereleases included.
  bool contains(const Version& version) const noexcept;
  // Whether a bound itself names a prerelease (">=2.0.0-rc.1"): then prereleases are candidates.
  bool names_prerelease() const noexcept;
  const std::string& str() const noexcept { return text_; }  // as it was written

  friend bool operator==(const VersionRange& a, const VersionRange& b) {
    return a.text_ == b.text_;
  }

 private:
  struct Bound {
    enum class Op : std::uint8_t { less, less_equal, greater, greater_equal, equal } op;
    Version version;
  };
  VersionRange() = default;
  std::string text_;
  std::vector<std::vector<Bound>> sets_;  // any of: all of
};

}  // namespace longshore
