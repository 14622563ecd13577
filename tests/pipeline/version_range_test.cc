// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "pipeline/version.h"
#include "tests/pipeline/decide_support.h"

using longshore::Errc;
using longshore::Version;
using longshore::VersionRange;
using longshore::test::words;

namespace {

struct Case {
  std::string_view range;
  std::string_view inside;
  std::string_view outside;
};

void check(const Case& item) {
  CAPTURE(item.range);
  const auto range = VersionRange::parse(item.range);
  REQUIRE(range);
  for (const std::string& text : words(item.inside)) {
    CAPTURE(text);
    CHECK(range->contains(*Version::parse(text)));
  }
  for (const std::string& text : words(item.outside)) {
    CAPTURE(text);
    CHECK_FALSE(range->contains(*Version::parse(text)));
  }
}

}  // namespace

TEST_CASE("VersionRange compares with a whole version", "[pipeline][range]") {
  check(GENERATE(
      Case{"1.4.2", "1.4.2 v1.4.2 1.4.2+b", "1.4.1 1.4.3 1.4.2-rc.1"},
      Case{"=1.4.2", "1.4.2", "1.4.3"}, Case{">1.4.2", "1.4.3 2.0", "1.4.2 1.4.2-rc.1"},
      Case{">=1.4.2", "1.4.2 9.0", "1.4.1 1.4.2-rc.1"}, Case{"<1.4.2", "1.4.1 0.0", "1.4.2 1.4.3"},
      Case{"<=1.4.2", "1.4.2 1.4.2-rc.1 1.0", "1.4.3 1.4.3-rc.1"}, Case{"v1.4.2", "1.4.2", "1.4.3"},
      Case{">=v1.4.2", "1.4.2", "1.4.1"}, Case{"1.4.2+build", "1.4.2", "1.4.3"},
      Case{"=1.0.0-rc.1", "1.0.0-rc.1", "1.0.0"}));
}

TEST_CASE("VersionRange takes a partial version for its whole line", "[pipeline][range]") {
  check(GENERATE(Case{"1", "1.0 1.9.9", "0.9 2.0"}, Case{"1.4", "1.4.0 1.4.9", "1.3.9 1.5.0"},
                 Case{"1.x", "1.0 1.9.9", "0.9 2.0"}, Case{"1.X.x", "1.0 1.9.9", "0.9 2.0"},
                 Case{"1.4.x", "1.4.0 1.4.9", "1.3.9 1.5.0"}, Case{"1.4.*", "1.4.0", "1.5.0"},
                 Case{"=1.4", "1.4.0 1.4.9", "1.5.0"}, Case{"*", "0.0 1.4.2 9.9", ""},
                 Case{"x", "0.0 9.9", ""}, Case{"*.*", "0.0", ""}, Case{">=*", "0.0 9.9", ""},
                 Case{"<=x", "0.0 9.9", ""}, Case{">1", "2.0 3.0", "1.0 1.9.9"},
                 Case{">1.4", "1.5.0 2.0", "1.4.0 1.4.9"}, Case{">=1.4", "1.4.0", "1.3.9"},
                 Case{"<2", "1.9.9 0.1", "2.0 2.1"}, Case{"<2.1", "2.0.9", "2.1.0"},
                 Case{"<=2", "2.9.9 1.0", "3.0"}, Case{"<=2.1", "2.1.9", "2.2.0"},
                 Case{"<2.x", "1.9.9", "2.0"}));
}

TEST_CASE("VersionRange knows the tilde: the same minor", "[pipeline][range]") {
  check(GENERATE(Case{"~1.4.2", "1.4.2 1.4.9", "1.4.1 1.5.0"},
                 Case{"~1.4", "1.4.0 1.4.9", "1.3.9 1.5.0"}, Case{"~1", "1.0 1.9.9", "0.9 2.0"},
                 Case{"~0", "0.0 0.9.9", "1.0"}, Case{"~0.2", "0.2.0 0.2.9", "0.1.9 0.3.0"},
                 Case{"~1.x", "1.0 1.9", "2.0"}, Case{"~*", "0.0 9.9", ""},
                 Case{"~1.4.2-rc.1", "1.4.2-rc.1 1.4.2-rc.2 1.4.2 1.4.9", "1.4.2-beta 1.5.0"}));
}

TEST_CASE("VersionRange knows the caret: the first number that is not zero stays",
          "[pipeline][range]") {
  check(GENERATE(Case{"^1.4.2", "1.4.2 1.9.9", "1.4.1 2.0"}, Case{"^1.4", "1.4.0 1.9.9", "1.3 2.0"},
                 Case{"^1", "1.0 1.9.9", "0.9 2.0"}, Case{"^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0"},
                 Case{"^0.2", "0.2.0 0.2.9", "0.1.9 0.3.0"}, Case{"^0.0.3", "0.0.3", "0.0.2 0.0.4"},
                 Case{"^0.0", "0.0.0 0.0.9", "0.1.0"}, Case{"^0.0.x", "0.0.0 0.0.9", "0.1.0"},
                 Case{"^0", "0.0 0.9.9", "1.0"}, Case{"^0.x", "0.0 0.9.9", "1.0"},
                 Case{"^*", "0.0 9.9", ""},
                 Case{"^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.4 1.2.3 1.9", "1.2.3-beta.1 2.0"},
                 Case{"^0.0.3-beta", "0.0.3-beta 0.0.3-pr.2 0.0.3", "0.0.4 0.0.3-alpha"},
                 Case{"^9223372036854775807", "9223372036854775807.1", "1.0"}));
}

TEST_CASE("VersionRange knows hyphens, commas, spaces and alternatives", "[pipeline][range]") {
  check(GENERATE(Case{"1.2 - 1.4", "1.2.0 1.4.9", "1.1.9 1.5.0"},
                 Case{"1.2.3 - 2.3.4", "1.2.3 2.3.4", "1.2.2 2.3.5"},
                 Case{"1.2.3 - 2", "1.2.3 2.9.9", "3.0"}, Case{"1 - *", "1.0 9.0", "0.9"},
                 Case{">=2 <3", "2.0 2.9.9", "1.9 3.0"}, Case{">=2,<3", "2.0 2.9.9", "1.9 3.0"},
                 Case{">= 2 , < 3", "2.0 2.9.9", "1.9 3.0"}, Case{" ~ 1.4 ", "1.4.3", "1.5.0"},
                 Case{"1.2 - 1.4 <1.3.5", "1.2.0 1.3.4", "1.3.5 1.4.0"},
                 Case{"~1.2 || ~1.4", "1.2.3 1.4.3", "1.3.0 1.5.0"},
                 Case{"~1.2||>=3", "1.2.3 3.0 9.0", "1.3.0 2.9"},
                 Case{">=1.2 <1.3 || 2.0.0 || ^3.1", "1.2.9 2.0.0 3.1.0", "1.3.0 2.0.1 3.0.9"},
                 Case{">3 <2", "", "1.0 2.0 2.5 3.0 3.5 4.0"}));
}

TEST_CASE("VersionRange keeps the prereleases of an excluded end outside", "[pipeline][range]") {
  check(GENERATE(Case{"<2", "1.9.9-rc.1", "2.0.0-rc.1 2.0.0-0 2.0.0"},
                 Case{"<2.0.0", "1.9.9-rc.1", "2.0.0-rc.1 2.0.0-0 2.0.0"},
                 Case{">=1.0.0-rc.1 <2.0.0", "1.0.0-rc.1 1.5.0-rc.1", "2.0.0-rc.1"},
                 Case{">=2.0.0-rc.1 <2.0.0", "2.0.0-rc.1 2.0.0-rc.9", "2.0.0 2.0.0-beta"},
                 Case{">=2.0.0-rc.1 <2.0.0 || <3.0.0", "2.0.0-rc.1", "3.0.0-rc.1"},
                 Case{"<2.0.0-rc.3", "2.0.0-rc.2", "2.0.0-rc.3 2.0.0"},
                 Case{"^1.4", "1.5.0-rc.1", "2.0.0-rc.1"}, Case{"~1.4", "1.4.5-rc.1", "1.5.0-rc.1"},
                 Case{"1.x", "1.0.1-a", "2.0.0-a"}, Case{"<=1", "1.9.9-a", "2.0.0-a"},
                 Case{"1.2 - 1.4", "1.4.9-a", "1.5.0-a"}, Case{"^0.0.3", "0.0.3", "0.0.4-a"}));
}

TEST_CASE("VersionRange counts the prereleases of a line as in that line", "[pipeline][range]") {
  check(GENERATE(Case{">=2", "2.0.0-rc.1", "1.9.9"}, Case{">1", "2.0.0-rc.1", "1.9.9"},
                 Case{"~1.4", "1.4.0-rc.1", "1.3.9-rc.1"}, Case{"1.4.x", "1.4.0-rc.1", ""},
                 Case{"^1", "1.0.0-rc.1", "0.9.9"}, Case{"^1.4.0", "1.4.1-rc.1", "1.4.0-rc.1"}));
}

TEST_CASE("VersionRange tells whether it names a prerelease", "[pipeline][range]") {
  for (const std::string_view text :
       {">=2.0.0-rc.1", "^1.0.0-0", "~1 || 2.0.0-beta", "1.0 - 2.0.0-a"}) {
    CAPTURE(text);
    CHECK(VersionRange::parse(text)->names_prerelease());
  }
  for (const std::string_view text :
       {">=2.0.0", "<2", "~1", "^1.4.2", "1.x", "1.0 - 2.0", "1.0.0+a-b"}) {
    CAPTURE(text);
    CHECK_FALSE(VersionRange::parse(text)->names_prerelease());
  }
}

TEST_CASE("VersionRange keeps the text as it was written", "[pipeline][range]") {
  CHECK(VersionRange::parse("  >=2  <3 ")->str() == ">=2  <3");
  CHECK(*VersionRange::parse(" ~1.4") == *VersionRange::parse("~1.4"));
  CHECK_FALSE(*VersionRange::parse("~1.4") == *VersionRange::parse("1.4.x"));
}

TEST_CASE("VersionRange quotes what is wrong and says what a range looks like",
          "[pipeline][range]") {
  const auto text = GENERATE("", " ", "latest", "~", ">=", "~latest", "1.2.3.4", "1..2", "1.", ".1",
                             "01", "1.02", "~~1", ">=1<2", "!=1", "~>1.2", "=>1", "1,", ",1",
                             "1,,2", "1 ||", "|| 1", "1 || || 2", "1 | 2", "1 -", "- 1", "1 - - 2",
                             "~1 - 2", "1-2", "1.2-rc.1", "x.1", "1.x.3", "1.x-rc", "<*", ">x",
                             "1.2.3-", "1.2.3-01", "9223372036854775808", "[1.0,2.0)", "semver");
  CAPTURE(text);
  const auto range = VersionRange::parse(text);
  REQUIRE_FALSE(range);
  CHECK(range.error().code == Errc::invalid_input);
  CHECK_THAT(range.error().message, Catch::StartsWith("range '" + std::string(text) + "'"));
  CHECK_THAT(range.error().message, Catch::Contains("a range looks like ~1.4"));
}
