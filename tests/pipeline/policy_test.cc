// SPDX-License-Identifier: Apache-2.0
#include "pipeline/policy.h"

#include <string>

#include <catch2/catch.hpp>

using namespace std::string_literals;
using longshore::DigestPolicy;
using longshore::Errc;
using longshore::NeverPolicy;
using longshore::parse_policy;
using longshore::Policy;
using longshore::SemverPolicy;
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

TEST_CASE("to_string is read back by parse_policy", "[pipeline][policy]") {
  const auto text = GENERATE("semver", "semver:~1.4", "semver:>=2 <3 || 1.x", "digest", "never",
                             "semver:1.2 - 1.4", "semver:>=2.0.0-rc.1");
  CAPTURE(text);
  CHECK(to_string(*parse_policy(text)) == text);
}

TEST_CASE("parse_policy says that a kind is not in this build", "[pipeline][policy]") {
  const auto text = GENERATE("major", "minor", "patch", "all", "calver:YYYY.MM.DD", "numeric",
                             "numeric:build-(\\d+)", "alphabetical", "alphabetical:^r", "newest",
                             "newest:main-.*", "glob:v*", "glob:v* semver", "regexp:^v");
  CAPTURE(text);
  const auto policy = parse_policy(text);
  REQUIRE_FALSE(policy);
  CHECK(policy.error().code == Errc::unsupported);
  CHECK(policy.error().message == "policy '" + std::string(text) +
                                      "' is not available in this build; it knows semver, "
                                      "semver:<range>, digest and never");
}

TEST_CASE("parse_policy refuses everything else", "[pipeline][policy]") {
  const auto text = GENERATE("", " ", "latest", "Semver", "SEMVER:~1", "semver ~1", "semver~1",
                             "digest:sha256", "never:", "major:1", "glob", "regexp", "calver",
                             "force", "~1.4", "semver;", "1.4.2");
  CAPTURE(text);
  const auto policy = parse_policy(text);
  REQUIRE_FALSE(policy);
  CHECK(policy.error().code == Errc::invalid_input);
  CHECK_THAT(policy.error().message, Catch::Contains("semver:<range>, digest or never"));
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
