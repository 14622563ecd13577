// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pattern.h"

#include <catch2/catch.hpp>

using Catch::Contains;
using longshore::Errc;
using longshore::Pattern;

namespace {

Pattern pattern(std::string_view text, Pattern::Groups groups = Pattern::Groups::named_or_only) {
  auto made = Pattern::compile(text, groups);
  INFO((made ? "" : made.error().message));
  REQUIRE(made);
  return *std::move(made);
}

std::string refused(std::string_view text) {
  const auto made = Pattern::compile(text, Pattern::Groups::named_or_only);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::invalid_input);
  return made.error().message;
}

}  // namespace

TEST_CASE("A pattern matches the whole text or somewhere in it", "[pipeline][pattern]") {
  CHECK(pattern("b+").match("bbb") == "bbb");
  CHECK_FALSE(pattern("b+").match("abbb"));
  CHECK(pattern("b+").search("abbbc") == "abbbc");
  CHECK_FALSE(pattern("^b+").search("abbbc"));
  CHECK(pattern("a|ab").match("ab") == "ab");
}

TEST_CASE("A pattern picks its group", "[pipeline][pattern]") {
  CHECK(pattern("build-(\\d+)").match("build-12") == "12");
  CHECK(pattern("build-(\\d+)").search("x-build-12-arm") == "12");
  CHECK(pattern("(?:a|b)-(\\d+)").match("b-12") == "12");
  CHECK(pattern("(x)-(?P<compare>\\d+)-(y)").match("x-12-y") == "12");
  CHECK(pattern("b(\\d*)").match("b") == "");
  CHECK_FALSE(pattern("b(\\d+)?").match("b"));  // the group took no part
}

TEST_CASE("A pattern whose groups are not to count picks all of the text", "[pipeline][pattern]") {
  using Groups = Pattern::Groups;
  CHECK(pattern("(b)(\\d+)", Groups::named).search("ab12") == "ab12");
  CHECK(pattern("b(\\d+)", Groups::named).search("ab12") == "ab12");
  CHECK(pattern("b(?P<compare>\\d+)", Groups::named).search("ab12") == "12");
}

TEST_CASE("A pattern that does not compile says why", "[pipeline][pattern]") {
  CHECK_THAT(refused("("), Contains("pattern '('") && Contains("missing )"));
  CHECK_THAT(refused("(?=x)"), Contains("invalid perl operator"));
  CHECK_THAT(refused("(a)\\1"), Contains("invalid escape"));
  CHECK_THAT(refused(""), Contains("it is empty"));
  CHECK_THAT(refused("(a)(b)"), Contains("several groups") && Contains("(?:"));
  CHECK_THAT(refused(std::string(513, 'a')), Contains("longer than 512 bytes"));
}

TEST_CASE("A pattern that would need much memory is refused", "[pipeline][pattern]") {
  CHECK_THAT(refused("((((a{30}){30}){30}){30})"), Contains("pattern"));
}

TEST_CASE("A pattern takes linear time for what other engines need years", "[pipeline][pattern]") {
  CHECK_FALSE(pattern("(?:a*)*b").match(std::string(50'000, 'a')));
}
