// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "pipeline/keel_settings.h"
#include "pipeline/min_age.h"
#include "tests/pipeline/decide_support.h"

using Catch::Contains;
using longshore::Annotations;
using longshore::Errc;
using longshore::ForcePolicy;
using longshore::in_words;
using longshore::merge_metadata;
using longshore::Pin;
using longshore::Policy;
using longshore::PolicyRule;
using longshore::PolicySettings;
using longshore::Repository;
using longshore::Result;
using longshore::test::settings;

namespace {

using Rules = std::vector<PolicyRule>;

Result<std::optional<PolicySettings>> settings_of(const Annotations& annotations,
                                                  const Rules& rules = {},
                                                  std::string_view container = "web") {
  return settings_for(annotations, container, *Repository::parse("ghcr.io/acme/app"), rules);
}

PolicySettings found(const Annotations& annotations, const Rules& rules = {},
                     std::string_view container = "web") {
  const auto result = settings_of(annotations, rules, container);
  INFO((result ? "" : result.error().message));
  REQUIRE(result);
  REQUIRE(result->has_value());
  return **result;
}

void check_nothing(const Annotations& annotations, const Rules& rules = {}) {
  const auto result = settings_of(annotations, rules);
  INFO((result ? "" : result.error().message));
  REQUIRE(result);
  CHECK_FALSE(result->has_value());
}

std::string refused(const Annotations& annotations, Errc code, const Rules& rules = {},
                    std::string_view container = "web") {
  const auto result = settings_of(annotations, rules, container);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == code);
  return result.error().message;
}

}  // namespace

TEST_CASE("settings_for finds nothing where nobody asked", "[pipeline][settings]") {
  check_nothing({});
  check_nothing({{"longshore.dev/pin", "digest"}});
  check_nothing({{"longshore.dev/policy.other", "semver"}});
  check_nothing({}, {{"ghcr.io/other/*", settings("semver")}});
}

TEST_CASE("settings_for prefers the container's key, the workload's, then a rule",
          "[pipeline][settings]") {
  const Rules rules{{"ghcr.io/acme/*", settings("digest")}};
  const Annotations workload{{"longshore.dev/policy", "semver:~2"}};
  const Annotations both{{"longshore.dev/policy", "semver:~2"},
                         {"longshore.dev/policy.web", "semver:~3"}};
  CHECK(found({}, rules) == settings("digest"));
  CHECK(found(workload, rules) == settings("semver:~2"));
  CHECK(found(both, rules) == settings("semver:~3"));
  CHECK(found(both, rules, "sidecar") == settings("semver:~2"));
}

TEST_CASE("settings_for reads the key of a container whose name holds dots",
          "[pipeline][settings]") {
  const Annotations annotations{{"longshore.dev/policy.my.app", "digest"}};
  CHECK(found(annotations, {}, "my.app") == settings("digest"));
  check_nothing(annotations);
}

TEST_CASE("settings_for takes the first rule that matches the normalised repository",
          "[pipeline][settings]") {
  const Rules rules{{"docker.io/library/nginx", settings("semver:~1")},
                    {"docker.io/*", settings("semver:~2")},
                    {"*", settings("never")}};
  const auto of = [&](std::string_view name) {
    return **settings_for({}, "web", *Repository::parse(name), rules);
  };
  CHECK(of("nginx") == settings("semver:~1"));
  CHECK(of("index.docker.io/acme/app") == settings("semver:~2"));
  CHECK(of("ghcr.io/acme/app") == settings("never"));
}

TEST_CASE("settings_for looks up each further key on its own", "[pipeline][settings]") {
  const Rules rules{{"*", settings("semver:~1;pin=digest;prerelease")}};
  CHECK(found({{"longshore.dev/policy", "semver:~2"}}, rules) ==
        settings("semver:~2;pin=digest;prerelease"));
  CHECK(found({{"longshore.dev/pin", "tag"}}, rules) == settings("semver:~1;pin=tag;prerelease"));
  CHECK(found({{"longshore.dev/pin", "tag"}, {"longshore.dev/pin.web", "digest"}}, rules).pin ==
        Pin::digest);
  CHECK(found({{"longshore.dev/pin", "tag"}, {"longshore.dev/pin.other", "digest"}}, rules).pin ==
        Pin::tag);
  CHECK_FALSE(found({{"longshore.dev/prerelease", "false"}}, rules).prerelease);
  CHECK(found({{"longshore.dev/prerelease", "false"}, {"longshore.dev/prerelease.web", "true"}},
              rules)
            .prerelease);
}

TEST_CASE("settings_for names the annotation whose value is wrong", "[pipeline][settings]") {
  CHECK_THAT(refused({{"longshore.dev/policy", "semver:"}}, Errc::invalid_input),
             Contains("longshore.dev/policy:") && Contains("range ''") && Contains("looks like"));
  CHECK_THAT(refused({{"longshore.dev/policy.web", "x"}}, Errc::invalid_input),
             Contains("longshore.dev/policy.web:"));
  CHECK_THAT(refused({{"longshore.dev/policy", "glob:v/*"}}, Errc::invalid_input),
             Contains("longshore.dev/policy:") && Contains("no tag has a '/'"));
  const Rules rules{{"*", settings("semver")}};
  CHECK_THAT(refused({{"longshore.dev/pin", "yes"}}, Errc::invalid_input, rules),
             Contains("longshore.dev/pin:") && Contains("'yes'"));
  CHECK_THAT(refused({{"longshore.dev/prerelease.web", "1"}}, Errc::invalid_input, rules),
             Contains("longshore.dev/prerelease.web:") && Contains("'1'"));
}

TEST_CASE("settings_for reads min-age", "[pipeline][settings]") {
  const auto of = [](const std::string& value) {
    return found({{"longshore.dev/policy", "semver"}, {"longshore.dev/min-age", value}}).min_age;
  };
  CHECK(of("30m") == std::chrono::minutes(30));
  CHECK(of("12h") == std::chrono::hours(12));
  CHECK(of("3d") == std::chrono::hours(72));
  CHECK(of("1d12h") == std::chrono::hours(36));
  CHECK(of("1d12h30m15s") == std::chrono::seconds(131'415));
  CHECK(of("0") == std::chrono::seconds(0));
  CHECK(of("3650d") == std::chrono::hours(24 * 3'650));
}

TEST_CASE("settings_for looks up min-age by container, workload and rule", "[pipeline][settings]") {
  const Rules rules{{"*", settings("semver;min-age=3d")}};
  CHECK(found({}, rules).min_age == std::chrono::hours(72));
  CHECK(found({{"longshore.dev/min-age", "1h"}}, rules).min_age == std::chrono::hours(1));
  CHECK(
      found({{"longshore.dev/min-age", "1h"}, {"longshore.dev/min-age.web", "0"}}, rules).min_age ==
      std::chrono::seconds(0));
  CHECK(found({{"longshore.dev/policy", "digest"}}, rules) == settings("digest;min-age=3d"));
}

TEST_CASE("settings_for refuses a min-age that is none", "[pipeline][settings]") {
  const Rules rules{{"*", settings("semver")}};
  for (const std::string value : {"", "3", "d", "3 d", "-3d", "+3d", "3w", "3ms", "1.5h", "12h1d",
                                  "1h1h", "3650d1s", "99999999999999999999d", "3d\n", "00"}) {
    CAPTURE(value);
    CHECK_THAT(refused({{"longshore.dev/min-age", value}}, Errc::invalid_input, rules),
               Contains("annotation longshore.dev/min-age:") && Contains("is no age") &&
                   Contains("such as 3d, 12h or 1d12h"));
  }
}

TEST_CASE("An age is said in words", "[pipeline][settings]") {
  using std::chrono::seconds;
  CHECK(in_words(seconds(0)) == "0 s");
  CHECK(in_words(seconds(-5)) == "0 s");
  CHECK(in_words(seconds(59)) == "59 s");
  CHECK(in_words(seconds(7'200)) == "2 h");
  CHECK(in_words(seconds(129'600)) == "1 d 12 h");
  CHECK(in_words(seconds(131'415)) == "1 d 12 h 30 min 15 s");
  CHECK(in_words(seconds(131'415), 2) == "1 d 12 h");
  CHECK(in_words(seconds(86'405), 2) == "1 d");
  CHECK(in_words(seconds(86'399), 2) == "23 h 59 min");
}

TEST_CASE("settings_for leaves a container alone that another one's mistake does not touch",
          "[pipeline][settings]") {
  CHECK(found({{"longshore.dev/policy", "digest"},
               {"longshore.dev/policy.other", "nonsense"},
               {"longshore.dev/pin.other", "nonsense"},
               {"longshore.dev/approvals.other", "1"}}) == settings("digest"));
}

TEST_CASE("settings_for refuses a key of ours that is not known", "[pipeline][settings]") {
  for (const std::string name : {"polcy", "policy.", "", "Policy", "pins", "min_age", ".web"}) {
    CAPTURE(name);
    CHECK_THAT(
        refused({{"longshore.dev/policy", "semver"}, {"longshore.dev/" + name, "1"}},
                Errc::invalid_input),
        Contains("longshore.dev/" + name + ":") && Contains("not known") && Contains("scan-gate"));
  }
  CHECK_THAT(refused({{"longshore.dev/polcy", "semver"}}, Errc::invalid_input),
             Contains("longshore.dev/polcy:"));
}

TEST_CASE("settings_for lets no gate pass that this build does not have", "[pipeline][settings]") {
  const auto refusal = [](std::string_view key, std::string_view value) {
    return refused({{"longshore.dev/policy", "semver"},
                    {"longshore.dev/" + std::string(key), std::string(value)}},
                   Errc::unsupported);
  };
  CHECK_THAT(refusal("approvals", "1"), Contains("longshore.dev/approvals:") &&
                                            Contains("needs approvals, which are not available"));
  CHECK_THAT(refusal("approvals.web", "x"), Contains("longshore.dev/approvals.web:"));
  CHECK_THAT(refusal("approvals", ""), Contains("needs approvals"));
  CHECK_THAT(refusal("window", "Mon-Fri 09:00-17:00"),
             Contains("needs window, which is not available"));
  CHECK_THAT(refusal("scan-gate", "high"), Contains("needs scan-gate, which is not available"));
}

TEST_CASE("settings_for gates what a rule decides as well", "[pipeline][settings]") {
  CHECK_THAT(
      refused({{"longshore.dev/approvals", "1"}}, Errc::unsupported, {{"*", settings("semver")}}),
      Contains("needs approvals, which are not available"));
}

TEST_CASE("settings_for takes approvals of 0 or off for no gate", "[pipeline][settings]") {
  for (const std::string value : {"0", "off"}) {
    CHECK(found({{"longshore.dev/policy", "semver"}, {"longshore.dev/approvals", value}}) ==
          settings("semver"));
    CHECK(found({{"longshore.dev/policy", "semver"},
                 {"longshore.dev/approvals", "2"},
                 {"longshore.dev/approvals.web", value}}) == settings("semver"));
  }
}

TEST_CASE("settings_for needs no gate for what is left alone anyway", "[pipeline][settings]") {
  CHECK(found({{"longshore.dev/policy", "never"}, {"longshore.dev/approvals", "1"}}) ==
        settings("never"));
}

TEST_CASE("settings_for accepts the keys that have no effect yet", "[pipeline][settings]") {
  CHECK(found({{"longshore.dev/policy", "semver"},
               {"longshore.dev/rollback", "true"},
               {"longshore.dev/prune", "x"},
               {"longshore.dev/notify", "ops"},
               {"longshore.dev/group.web", "shop"}}) == settings("semver"));
}

TEST_CASE("settings_for reads Keel's policies", "[pipeline][settings][keel]") {
  const auto of = [](std::string_view policy) {
    return found({{"keel.sh/policy", std::string(policy)}});
  };
  for (const std::string_view policy : {"all", "major", "minor", "patch", "glob:v*", "regexp:^v"}) {
    CAPTURE(policy);
    CHECK(of(policy) == settings(policy));
  }
  CHECK(of("force").policy == Policy(ForcePolicy{}));
  CHECK(found({{"keel.sh/policy", "force"}, {"keel.sh/matchTag", "true"}}) == settings("digest"));
  CHECK(found({{"keel.sh/policy", "force"}, {"keel.sh/match-tag", "true"}}) == settings("digest"));
  CHECK(found({{"keel.sh/policy", "force"}, {"keel.sh/matchTag", "True"}}).policy ==
        Policy(ForcePolicy{}));
  CHECK(found({{"keel.observer/policy", "minor"}}) == settings("minor"));
}

TEST_CASE("settings_for reads matchPreRelease as Keel does", "[pipeline][settings][keel]") {
  const auto of = [](const std::string& value) {
    return found({{"keel.sh/policy", "patch"}, {"keel.sh/matchPreRelease", value}}).prerelease;
  };
  CHECK_FALSE(of("true"));
  CHECK(of("false"));
  CHECK(of("True"));
  CHECK(of(""));
}

TEST_CASE("settings_for monitors the containers that Keel monitors", "[pipeline][settings][keel]") {
  const Annotations some{{"keel.sh/policy", "minor"}, {"keel.sh/monitorContainers", "^we"}};
  CHECK(found(some) == settings("minor"));
  CHECK_FALSE(*settings_of(some, {}, "sidecar"));
  CHECK(*settings_of({{"keel.sh/policy", "minor"}, {"keel.sh/monitorContainers", "("}}, {}, "x"));
  CHECK_FALSE(
      *settings_of({{"keel.sh/policy", "minor"}, {"keel.sh/monitorcontainers", "b"}}, {}, "x"));
}

TEST_CASE("settings_for leaves alone what Keel leaves alone", "[pipeline][settings][keel]") {
  check_nothing({{"keel.sh/policy", ""}, {"keel.sh/approvals", "1"}});
  check_nothing({{"keel.sh/approvals", "1"}});
  CHECK(found({{"keel.sh/policy", "never"}, {"keel.sh/approvals", "1"}}) == settings("never"));
}

TEST_CASE("settings_for says that a policy is none of Keel's", "[pipeline][settings][keel]") {
  for (const std::string policy : {"Minor", "whatever", "semver", "digest", "glob:", "regexp:("}) {
    CAPTURE(policy);
    CHECK_THAT(refused({{"keel.sh/policy", policy}}, Errc::invalid_input),
               Contains("annotation keel.sh/policy:"));
  }
}

TEST_CASE("settings_for prefers our policy to Keel's, and Keel's to a rule",
          "[pipeline][settings][keel]") {
  const Annotations keel{{"keel.sh/policy", "minor"}, {"keel.sh/unknown", "x"}};
  CHECK(found(keel, {{"*", settings("digest")}}) == settings("minor"));
  CHECK(found({{"keel.sh/policy", ""}}, {{"*", settings("digest")}}) == settings("digest"));
  Annotations both = keel;
  both["longshore.dev/policy"] = "semver:~1";
  CHECK(found(both) == settings("semver:~1"));
}

TEST_CASE("merge_metadata takes matchTag from where Keel's policy stands",
          "[pipeline][settings][keel]") {
  const Annotations policy{{"keel.sh/policy", "force"}};
  const Annotations match{{"keel.sh/matchTag", "true"}, {"keel.sh/matchPreRelease", "false"}};
  CHECK(merge_metadata(policy, match) == policy);
  CHECK(merge_metadata(match, policy) == policy);
  CHECK(merge_metadata({}, match) == match);
  CHECK(merge_metadata({{"keel.sh/policy", "all"}}, policy).at("keel.sh/policy") == "all");
  CHECK(merge_metadata({}, policy) == policy);
}

TEST_CASE("settings_for does not pass Keel's approvals either", "[pipeline][settings][keel]") {
  CHECK_THAT(refused({{"keel.sh/policy", "all"}, {"keel.sh/approvals", "1"}}, Errc::unsupported),
             Contains("needs approvals, which are not available"));
  CHECK_THAT(
      refused({{"longshore.dev/policy", "semver"}, {"keel.sh/approvals", "2"}}, Errc::unsupported),
      Contains("keel.sh/approvals: needs approvals, which are not available"));
  CHECK(found({{"longshore.dev/policy", "semver"}, {"keel.sh/approvals", "0"}}) ==
        settings("semver"));
  CHECK(found({{"longshore.dev/policy", "semver"},
               {"longshore.dev/approvals", "0"},
               {"keel.sh/approvals", "2"}}) == settings("semver"));
}
