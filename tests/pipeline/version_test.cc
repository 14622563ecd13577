// SPDX-License-Identifier: Apache-2.0
#include "pipeline/version.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using longshore::Errc;
using longshore::Version;

namespace {

Version version(std::string_view text) {
  const auto parsed = Version::parse(text);
  INFO(text);
  REQUIRE(parsed);
  return *parsed;
}

struct Reads {
  std::string_view text;
  std::string_view as;
};

}  // namespace

TEST_CASE("Version reads what tags carry", "[pipeline][version]") {
  const auto item = GENERATE(
      Reads{"1.4.2", "1.4.2"}, Reads{"v1.4.2", "1.4.2"}, Reads{"1.4", "1.4.0"},
      Reads{"v0.1", "0.1.0"}, Reads{"0.0.0", "0.0.0"}, Reads{"1.4.0-rc.1", "1.4.0-rc.1"},
      Reads{"1.4-rc.1", "1.4.0-rc.1"}, Reads{"1.25.3-alpine", "1.25.3-alpine"},
      Reads{"1.0.0-0", "1.0.0-0"}, Reads{"1.0.0-0a.01a", "1.0.0-0a.01a"},
      Reads{"1.0.0--", "1.0.0--"}, Reads{"1.0.0-a--b.-1", "1.0.0-a--b.-1"},
      Reads{"2024.1.15", "2024.1.15"}, Reads{"9223372036854775807.0.1", "9223372036854775807.0.1"},
      Reads{"1.0.0-99999999999999999999999", "1.0.0-99999999999999999999999"});
  CHECK(version(item.text).str() == item.as);
}

TEST_CASE("Version ignores build metadata, after + and in tags after _", "[pipeline][version]") {
  for (const std::string_view text :
       {"1.4.0+build5", "1.4.0_build5", "v1.4_build.5", "1.4.0+001", "1.4.0_0-1.a"}) {
    CHECK(version(text) == version("1.4.0"));
    CHECK(version(text).str() == "1.4.0");
  }
  CHECK(version("1.4.0-rc.1_build5").str() == "1.4.0-rc.1");
  CHECK(version("1.4.0_a-b").prerelease().empty());
}

TEST_CASE("Version refuses what is none and says why", "[pipeline][version]") {
  const auto item =
      GENERATE(Reads{"", "dot"}, Reads{"latest", "dot"}, Reads{"3050", "dot"}, Reads{"v2", "dot"},
               Reads{"2-rc.1", "dot"}, Reads{"1.2.3.4", "three"}, Reads{"1.", "numbers"},
               Reads{".1", "numbers"}, Reads{"1..2", "numbers"}, Reads{"1.x", "numbers"},
               Reads{"V1.2", "numbers"}, Reads{"vv1.2", "numbers"}, Reads{"1.2a", "numbers"},
               Reads{" 1.2", "numbers"}, Reads{"01.2", "leading zero"},
               Reads{"1.02", "leading zero"}, Reads{"1.2.00", "leading zero"},
               Reads{"1.2.3-01", "leading zero"}, Reads{"1.2.3-a.00", "leading zero"},
               Reads{"1.2.3-", "prerelease is empty"}, Reads{"1.2.3-a..b", "prerelease is empty"},
               Reads{"1.2.3-a.", "prerelease is empty"}, Reads{"1.2.3-a$", "letters"},
               Reads{"1.2.3+", "metadata is empty"}, Reads{"1.2.3_", "metadata is empty"},
               Reads{"1.2.3_a_b", "letters"}, Reads{"1.2.3+a..b", "metadata is empty"},
               Reads{"9223372036854775808.0", "above"}, Reads{"1.99999999999999999999", "above"});
  CAPTURE(item.text);
  const auto parsed = Version::parse(item.text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Errc::invalid_input);
  CHECK_THAT(parsed.error().message, Catch::Contains(std::string(item.as)));
  CHECK_THAT(parsed.error().message, Catch::Contains("'" + std::string(item.text) + "'"));
}

TEST_CASE("Version orders as section 11 of Semantic Versioning says", "[pipeline][version]") {
  // Each line is below the next. The prereleases of 1.0.0 are the section's own example.
  const std::vector<std::string_view> rising{
      "0.0.1",        "0.1.0",        "0.9.9",         "1.0.0-0",
      "1.0.0-1",      "1.0.0-2",      "1.0.0-10",      "1.0.0-18446744073709551616",
      "1.0.0-Alpha",  "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
      "1.0.0-beta",   "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
      "1.0.0-rc.1.1", "1.0.0",        "1.0.1",         "1.2.0",
      "1.10.0",       "2.0.0",        "2.1.0",         "2.1.1",
      "10.0.0"};
  for (std::size_t i = 0; i < rising.size(); ++i) {
    for (std::size_t j = 0; j < rising.size(); ++j) {
      CAPTURE(rising[i], rising[j]);
      CHECK(((version(rising[i]) <=> version(rising[j])) == (i <=> j)));
      CHECK((version(rising[i]) == version(rising[j])) == (i == j));
    }
  }
}

TEST_CASE("Version::lowest is below every version with its numbers", "[pipeline][version]") {
  const Version lowest = Version::lowest(1, 4, 0);
  CHECK(lowest.str() == "1.4.0-0");
  CHECK(lowest == version("1.4.0-0"));
  for (const std::string_view text : {"1.4.0-0.0", "1.4.0-1", "1.4.0-a", "1.4.0--", "1.4.0"}) {
    CHECK(lowest < version(text));
  }
  CHECK(lowest > version("1.3.9"));
}

TEST_CASE("Version::of agrees with parse for every tag", "[pipeline][version]") {
  for (const std::string_view text :
       {"1.4.2", "v1.4", "latest", "3050", "1.4.0_b1", "1.4.0-rc.1", "1.02", "1.2.3.4", "_1.2"}) {
    CAPTURE(text);
    const auto parsed = Version::parse(text);
    const auto of = Version::of(text);
    REQUIRE(of.has_value() == parsed.has_value());
    if (of) {
      CHECK(of->str() == parsed->str());
      CHECK(*of == *parsed);
    }
  }
}
