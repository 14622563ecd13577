// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tag_filter.h"

#include <catch2/catch.hpp>

using longshore::Errc;
using longshore::Pattern;
using longshore::TagFilter;

namespace {

std::optional<std::string_view> by_glob(std::string_view pattern, std::string_view tag) {
  return TagFilter::glob(pattern)->part_of(tag);
}

Pattern pattern(std::string_view text) {
  return *Pattern::compile(text, Pattern::Groups::named_or_only);
}

}  // namespace

TEST_CASE("Without a filter every tag is ordered whole", "[pipeline][filter]") {
  CHECK(TagFilter().part_of("1.4") == "1.4");
  CHECK(TagFilter().kind() == TagFilter::Kind::any);
}

TEST_CASE("A glob cuts off what is fixed around its one star", "[pipeline][filter]") {
  CHECK(by_glob("*-alpine", "1.4-alpine") == "1.4");
  CHECK(by_glob("v*", "v1.4") == "1.4");
  CHECK(by_glob("a*c", "abc") == "b");
  CHECK(by_glob("a*c", "ac") == "");
  CHECK(by_glob("*", "1.4") == "1.4");
  CHECK(by_glob("1.*", "1.4") == "1.4");
  CHECK(by_glob("1.*-alpine", "1.4-alpine") == "1.4");
  CHECK(by_glob("v1.*", "v1.4") == "v1.4");
  CHECK_FALSE(by_glob("*-alpine", "1.4-slim"));
  CHECK_FALSE(by_glob("a*a", "a"));
}

TEST_CASE("A glob with more stars or none orders the whole tag", "[pipeline][filter]") {
  CHECK(by_glob("v*-*", "v1.4-rc1") == "v1.4-rc1");
  CHECK(by_glob("v1.?", "v1.4") == "v1.4");
  CHECK(by_glob("latest", "latest") == "latest");
}

TEST_CASE("A glob is refused for what no tag can be", "[pipeline][filter]") {
  for (const std::string& text :
       {std::string(), std::string("a b"), std::string("a/b"), std::string("[ab]"),
        std::string("a:b"), std::string(129, 'a'), std::string("\xc3\xa9")}) {
    CAPTURE(text);
    const auto made = TagFilter::glob(text);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::invalid_input);
  }
}

TEST_CASE("A pattern filters whole tags or finds its match anywhere", "[pipeline][filter]") {
  CHECK(TagFilter::whole(pattern("build-(\\d+)")).part_of("build-12") == "12");
  CHECK_FALSE(TagFilter::whole(pattern("build-(\\d+)")).part_of("build-12-arm"));
  CHECK(TagFilter::anywhere(pattern("build-(\\d+)")).part_of("x-build-12-arm") == "12");
}
