// SPDX-License-Identifier: Apache-2.0
#include "pipeline/policy.h"

#include <string>

#include <catch2/catch.hpp>

using namespace std::string_literals;
using longshore::CalverPolicy;
using longshore::DigestPolicy;
using longshore::Errc;
using longshore::KeelPolicy;
using longshore::NeverPolicy;
using longshore::OrderedPolicy;
using longshore::parse_policy;
using longshore::Policy;
using longshore::SemverPolicy;
using longshore::TagFilter;
using longshore::TagOrder;
using longshore::VersionRange;

TEST_CASE("parse_policy reads every policy of this build", "[pipeline][policy]") {
  CHECK(*parse_policy("semver") == Policy(SemverPolicy{}));
  CHECK(*parse_policy("semver:~1.4") == Policy(SemverPolicy{*VersionRange::parse("~1.4")}));
  CHECK(*parse_policy("semver:>=2 <3") == Policy(SemverPolicy{*VersionRange::parse(">=2 <3")}));
  CHECK(*parse_policy("digest") == Policy(DigestPolicy{}));
  CHECK(*parse_policy("never") == Policy(NeverPolicy{}));
}

TEST_CASE("parse_policy ignores spaces around the text", "[pipeline][policy]") {
  CHECK(*parse_policy(" digest\n") == Policy(DigestPolicy{}));
  CHECK(*parse_policy("semver: ~1.4 \n") == *parse_policy("semver:~1.4"));
}

TEST_CASE("parse_policy tells what is filtered and by what is ordered", "[pipeline][policy]") {
  const auto ordered = [](std::string_view text) {
    return std::get<OrderedPolicy>(*parse_policy(text));
  };
  CHECK(ordered("numeric").order == TagOrder::numeric);
  CHECK(ordered("numeric").filter.kind() == TagFilter::Kind::any);
  CHECK(ordered("numeric:build-(\\d+)").filter.kind() == TagFilter::Kind::whole);
  CHECK(ordered("glob:v*").order == TagOrder::automatic);
  CHECK(ordered("glob:v*").filter.kind() == TagFilter::Kind::glob);
  CHECK(ordered("glob: v*  semver ").order == TagOrder::semver);
  CHECK(ordered("regexp:^v").filter.kind() == TagFilter::Kind::anywhere);
  CHECK(ordered("regexp:^v newest").order == TagOrder::newest);
  CHECK(ordered("regexp:^(a)(b)$").order == TagOrder::automatic);
  CHECK(ordered("regexp:-(?P<compare>\\d+)$").order == TagOrder::alphabetical);
  CHECK(ordered("regexp:-(?P<compare>\\d+)$ numeric").order == TagOrder::numeric);
  CHECK(std::get<KeelPolicy>(*parse_policy("patch")).reach == KeelPolicy::Reach::patch);
  CHECK(std::get<CalverPolicy>(*parse_policy("calver:YYYY.MM")).layout.str() == "YYYY.MM");
}

TEST_CASE("to_string is read back by parse_policy", "[pipeline][policy]") {
  const auto text =
      GENERATE("semver", "semver:~1.4", "semver:>=2 <3 || 1.x", "digest", "never",
               "semver:1.2 - 1.4", "semver:>=2.0.0-rc.1", "all", "major", "minor", "patch",
               "calver:YYYY.MM.DD", "numeric", "numeric:build-(\\d+)", "alphabetical",
               "alphabetical:r.*", "newest", "newest:main-.*", "glob:v*", "glob:v* semver",
               "regexp:^v", "regexp:^v numeric", "regexp:-(?P<compare>.*)$ alphabetical");
  CAPTURE(text);
  CHECK(to_string(*parse_policy(text)) == text);
}

TEST_CASE("parse_policy says what is wrong with a pattern", "[pipeline][policy]") {
  struct Case {
    std::string text;
    std::string why;
  };
  const auto [text, why] =
      GENERATE(Case{"glob:", "it is empty"}, Case{"glob:a/b", "no tag has a '/' in it"},
               Case{"glob:a b", "no tag has a space in it"},
               Case{"glob:v* sideways", "may stand one of"}, Case{"regexp:(", "missing )"},
               Case{"regexp:", "it is empty"}, Case{"regexp:a b", "no tag has a space in it"},
               Case{"numeric:(\\d+)-(\\d+)", "several groups"}, Case{"numeric:[", "missing ]"},
               Case{"newest:(?=x)", "invalid perl operator"}, Case{"calver:", "it has no year"},
               Case{"calver:MM.DD", "it has no year"}, Case{"calver:YYYY.YY", "twice"},
               Case{"calver:YYYY/MM", "begins no part"}, Case{"semver:", "a range looks like"},
               Case{"regexp:" + std::string(600, 'a'), "512 bytes"},
               Case{"regexp:(((a{99}){99}){99})", "repetition"});
  CAPTURE(text);
  const auto policy = parse_policy(text);
  REQUIRE_FALSE(policy);
  CHECK(policy.error().code == Errc::invalid_input);
  CHECK_THAT(policy.error().message, Catch::Contains("policy '") && Catch::Contains(why));
}

TEST_CASE("parse_policy refuses everything else", "[pipeline][policy]") {
  const auto text = GENERATE("", " ", "latest", "Semver", "SEMVER:~1", "semver ~1", "semver~1",
                             "digest:sha256", "never:", "major:1", "glob", "regexp", "calver",
                             "force", "~1.4", "semver;", "1.4.2", "automatic", ":", ":v*");
  CAPTURE(text);
  const auto policy = parse_policy(text);
  REQUIRE_FALSE(policy);
  CHECK(policy.error().code == Errc::invalid_input);
  CHECK_THAT(policy.error().message, Catch::Contains("digest or never"));
}

TEST_CASE("parse_policy quotes a wrong range and says what one looks like", "[pipeline][policy]") {
  const auto text = GENERATE(""s, "latest"s, "~1.4.x.2"s, ">1 ||"s);
  CAPTURE(text);
  const auto policy = parse_policy("semver:" + text);
  REQUIRE_FALSE(policy);
  CHECK(policy.error().code == Errc::invalid_input);
  CHECK_THAT(policy.error().message, Catch::Contains("range '" + text + "'"));
  CHECK_THAT(policy.error().message, Catch::Contains("a range looks like ~1.4"));
}

TEST_CASE("parse_policy does not repeat a text of any length", "[pipeline][policy]") {
  for (const std::string& text : {std::string(100'000, 'x'), "semver:" + std::string(100'000, '1'),
                                  "glob:" + std::string(100'000, '*')}) {
    const auto policy = parse_policy(text);
    REQUIRE_FALSE(policy);
    CHECK(policy.error().message.size() < 1'000);
  }
}
