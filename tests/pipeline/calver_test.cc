// SPDX-License-Identifier: Apache-2.0
#include "pipeline/calver.h"

#include <catch2/catch.hpp>

using longshore::CalverLayout;
using longshore::Errc;
using Numbers = std::vector<std::uint64_t>;

namespace {

std::optional<Numbers> read(std::string_view layout, std::string_view tag) {
  const auto parsed = CalverLayout::parse(layout);
  INFO((parsed ? "" : parsed.error().message));
  REQUIRE(parsed);
  return parsed->read(tag);
}

}  // namespace

TEST_CASE("A layout reads its tags", "[pipeline][calver]") {
  CHECK(read("YYYY.MM.DD", "2026.1.31") == Numbers{2026, 1, 31});
  CHECK(read("YYYY.MM.DD", "2026.01.31") == Numbers{2026, 1, 31});
  CHECK(read("YYYY.MM.DD", "v2026.1.31") == Numbers{2026, 1, 31});
  CHECK(read("YYYY.0M.MICRO", "2026.01.7") == Numbers{2026, 1, 7});
  CHECK(read("YY.MM", "6.1") == Numbers{2006, 1});
  CHECK(read("YY.MM", "26.1") == Numbers{2026, 1});
  CHECK(read("YY.MM", "106.1") == Numbers{2106, 1});
  CHECK(read("0Y.0M", "06.01") == Numbers{2006, 1});
  CHECK(read("YYYY0M0D-MICRO", "20260131-4") == Numbers{2026, 1, 31, 4});
  CHECK(read("YYYY.0W", "2026.05") == Numbers{2026, 5});
  CHECK(read("release-YYYY_MM", "release-2026_1") == Numbers{2026, 1});
  CHECK(read("MAJOR.YYYY.MINOR", "3.2026.14") == Numbers{3, 2026, 14});
}

TEST_CASE("The parts of a date are compared as a date", "[pipeline][calver]") {
  CHECK(read("DD.MM.YYYY", "31.1.2026") == Numbers{2026, 1, 31});
  CHECK(read("MICRO-DD.MM.YY", "5-31.1.26") == Numbers{5, 2026, 1, 31});
}

TEST_CASE("A tag of another layout is none", "[pipeline][calver]") {
  for (const char* tag :
       {"", "2026", "2026.1", "2026.1.32", "2026.0.1", "2026.13.1", "26.1.1", "2026.1.1-rc1",
        "2026-1-1", "latest", "2026.1.1.1", "2026.001.1", "vv2026.1.1", " 2026.1.1"}) {
    CAPTURE(tag);
    CHECK_FALSE(read("YYYY.MM.DD", tag));
  }
  CHECK_FALSE(read("YYYY.0M", "2026.1"));
  CHECK_FALSE(read("YYYY.WW", "2026.54"));
  CHECK_FALSE(read("vYYYY.MM", "2026.1"));
}

TEST_CASE("A layout is refused with an example of one", "[pipeline][calver]") {
  for (const std::string& text :
       {std::string(), std::string("MM.DD"), std::string("yyyy.mm"), std::string("YYYY.YY"),
        std::string("YYYY.MM.0M"), std::string("YYYY/MM"), std::string("YYYY.QQ"),
        std::string(65, 'Y')}) {
    CAPTURE(text);
    const auto parsed = CalverLayout::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::invalid_input);
    CHECK_THAT(parsed.error().message, Catch::Contains("looks like YYYY.MM.DD"));
  }
}
