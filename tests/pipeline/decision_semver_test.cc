// SPDX-License-Identifier: Apache-2.0
//
// What semver decides, as a table: policy, what runs, what is known, what is to run ("" for a
// skip), and words that the reason has to hold, separated by "|". decide_support.h has the
// notation.
#include <catch2/catch.hpp>

#include "pipeline/decision.h"
#include "tests/pipeline/decide_support.h"

using longshore::Decision;
using longshore::ImageRef;
using longshore::Verdict;
using longshore::test::decide_text;
using longshore::test::expand;
using longshore::test::words;

namespace {

struct Case {
  std::string_view policy;
  std::string_view current;
  std::string_view tags;
  std::string_view to;
  std::string_view reason;
};

void check(const Case& item) {
  CAPTURE(item.policy, item.current, item.tags);
  const Decision decision = decide_text(item.policy, item.current, item.tags);
  CAPTURE(decision.reason);
  CHECK((decision.to ? decision.to->str() : "") == expand(item.to));
  CHECK(decision.verdict == (item.to.empty() ? Verdict::skip : Verdict::update));
  for (const std::string& word : words(item.reason, '|')) {
    CHECK_THAT(decision.reason, Catch::Contains(word));
  }
}

}  // namespace

TEST_CASE("semver takes the highest version above the current one", "[pipeline][decision]") {
  check(GENERATE(
      Case{"semver", "app:1.4.2", "1.4.2 1.4.3", "app:1.4.3",
           "1.4.3 is the highest of 2 versions|1.4.2 runs now"},
      Case{"semver", "app:1.4.2", "1.4.3 1.5.0 2.0.0", "app:2.0.0",
           "2.0.0 is the highest of 3 versions"},
      Case{"semver", "app:1.4.2", "2.0.0 1.5.0 1.4.3", "app:2.0.0", "2.0.0 is the highest"},
      Case{"semver", "app:1.9.0", "1.9.0 1.10.0 1.2.0", "app:1.10.0", "highest of 3 versions"},
      Case{"semver", "app:1.4.2", "1.4.3", "app:1.4.3", "highest of 1 version;"},
      Case{"semver", "app:v1.4.2", "v1.4.3", "app:v1.4.3", "v1.4.3 is the highest"},
      Case{"semver", "app:1.4", "1.5", "app:1.5", "1.5 is the highest"},
      Case{"semver", "app:1.4.2", "latest main 1.4.3 3050", "app:1.4.3", "highest of 1 version;"},
      Case{"semver", "app:2024.1.9", "2024.1.10 2024.1.8", "app:2024.1.10", "2024.1.10 is"},
      Case{"semver", "app:1.4.2_b9", "1.4.3_b1", "app:1.4.3_b1", "1.4.3_b1 is the highest"},
      Case{"semver", "app:1.4.0-rc.1", "1.4.0", "app:1.4.0",
           "1.4.0 is the highest|1.4.0-rc.1 runs"},
      Case{"semver", "nginx:1.25.2", "1.25.3", "nginx:1.25.3", ""},
      Case{"semver", "docker.io/library/nginx:1.25.2", "1.25.3", "docker.io/library/nginx:1.25.3",
           ""},
      Case{"semver", "registry:5000/a/b:1.0.0", "1.0.1", "registry:5000/a/b:1.0.1", ""},
      Case{"semver", "GHCR.io/acme/app:1.0.0", "1.0.1", "GHCR.io/acme/app:1.0.1", ""}));
}

TEST_CASE("semver stays within its range", "[pipeline][decision]") {
  check(
      GENERATE(Case{"semver:~1.4", "app:1.4.2", "1.4.2 1.4.3 1.5.0", "app:1.4.3",
                    "1.4.3 is the highest of 2 tags in ~1.4; 1.4.2 runs now"},
               Case{"semver:~1.4", "app:1.4.2", "1.3.0 1.4.1 1.4.2 1.4.3 1.4.0", "app:1.4.3",
                    "highest of 4 tags in ~1.4"},
               Case{"semver:^1", "app:1.4.2", "1.9.0 2.0.0", "app:1.9.0", "of 1 tag in ^1"},
               Case{"semver:>=2 <3", "app:2.0.0", "2.9.9 3.0.0", "app:2.9.9", "in >=2 <3"},
               Case{"semver:>=2 <3", "app:1.0.0", "1.1.0 2.1.0 3.0.0", "app:2.1.0",
                    "in >=2 <3|1.0.0 runs now"},
               Case{"semver:1.2 - 1.4", "app:1.2.0", "1.4.9 1.5.0", "app:1.4.9", "in 1.2 - 1.4"},
               Case{"semver:~1.2 || ~1.4", "app:1.2.0", "1.2.9 1.3.0 1.4.1 1.5.0", "app:1.4.1", ""},
               Case{"semver:^0.2", "app:0.2.0", "0.2.9 0.3.0", "app:0.2.9", ""},
               Case{"semver:^0.0.3", "app:0.0.3", "0.0.4", "",
                    "already runs the highest|0.0.4 is not in ^0.0.3"},
               Case{"semver:1.4.5", "app:1.4.2", "1.4.3 1.4.5 1.4.6", "app:1.4.5", "in 1.4.5"},
               Case{"semver:*", "app:1.4.2", "9.0.0", "app:9.0.0", "in *"},
               Case{"semver:~1.4", "app:1.4.2", "1.5.0 2.0.0", "",
                    "already runs the highest|2.0.0 is not in ~1.4"},
               Case{"semver:~3", "app:1.4.2", "1.4.3 2.0.0", "",
                    "no tag is in ~3|1.4.2 runs now|2.0.0 is not in ~3"}));
}

TEST_CASE("semver never goes down", "[pipeline][decision]") {
  check(GENERATE(
      Case{"semver", "app:1.4.2", "1.4.1 1.4.0 1.3.9", "",
           "already runs the highest of 3 versions: 1.4.2"},
      Case{"semver", "app:1.4.2", "1.4.2", "", "already runs the highest of 1 version: 1.4.2"},
      Case{"semver", "app:1.4.2", "1.4.2 1.4.1", "",
           "already runs the highest of 2 versions: 1.4.2"},
      Case{"semver:~1.4", "app:1.4.2", "1.4.2 1.4.1", "",
           "already runs the highest of 2 tags in ~1.4: 1.4.2"},
      Case{"semver", "app:1.10.0", "1.9.0", "", "already runs the highest"},
      Case{"semver", "app:1.4.0", "1.4.0-rc.9", "", "already runs the highest"},
      Case{"semver;prerelease", "app:1.4.0", "1.4.0-rc.9", "", "already runs the highest"},
      Case{"semver:~1.4", "app:2.0.0", "1.4.1 1.4.2", "",
           "2.0.0 runs now|none of 2 tags in ~1.4 is above it|nothing is downgraded"},
      Case{"semver:<2", "app:3.1.0", "1.9.0", "", "nothing is downgraded"},
      Case{"semver", "app:1.4.0", "1.4", "", "already runs the highest"},
      Case{"semver", "app:1.4.0", "v1.4.0", "", "already runs the highest"},
      Case{"semver", "app:1.4.0", "1.4.0_b2 1.4.0_b3", "", "already runs the highest"},
      Case{"semver", "app:1.4.0_b2", "1.4.0", "", "already runs the highest"}));
}

TEST_CASE("semver without a candidate says so", "[pipeline][decision]") {
  check(GENERATE(
      Case{"semver", "app:1.4.2", "", "", "already runs the highest: 1.4.2"},
      Case{"semver", "app:1.4.2", "latest main 3050", "", "already runs the highest: 1.4.2"},
      Case{"semver:~2", "app:1.4.2", "", "", "no tag is in ~2|1.4.2 runs now"},
      Case{"semver:~2", "app:1.4.2", "latest", "", "no tag is in ~2"},
      Case{"semver", "app:1.4.2-rc.1", "latest", "", "no tag is a version|1.4.2-rc.1 runs now"}));
}

TEST_CASE("semver takes prereleases only where they are asked for", "[pipeline][decision]") {
  check(GENERATE(
      Case{"semver", "app:1.4.2", "1.5.0-rc.1", "",
           "already runs the highest|1.5.0-rc.1 is a prerelease"},
      Case{"semver", "app:1.4.2", "1.5.0-rc.1 1.4.3", "app:1.4.3", "highest of 1 version;"},
      Case{"semver;prerelease", "app:1.4.2", "1.5.0-rc.1 1.4.3", "app:1.5.0-rc.1", "highest of 2"},
      Case{"semver;prerelease", "app:1.5.0-rc.2", "1.5.0-rc.10", "app:1.5.0-rc.10", ""},
      Case{"semver;prerelease", "app:1.5.0-rc.2", "1.5.0-rc.10 1.5.0", "app:1.5.0", ""},
      Case{"semver:>=2.0.0-rc.1", "app:1.4.2", "2.0.0-rc.1", "app:2.0.0-rc.1", ""},
      Case{"semver:>=2.0.0-rc.1", "app:1.4.2", "2.0.0-rc.1 2.0.0-beta", "app:2.0.0-rc.1", ""},
      Case{"semver:>=2.0.0-rc.1", "app:2.0.0-rc.1", "2.1.0-beta", "app:2.1.0-beta", ""},
      Case{"semver:>=2", "app:1.4.2", "2.0.0-rc.1", "",
           "no tag is in >=2|2.0.0-rc.1 is a prerelease"},
      Case{"semver:>=2;prerelease", "app:1.4.2", "2.0.0-rc.1", "app:2.0.0-rc.1", ""},
      Case{"semver:<2;prerelease", "app:1.4.2", "2.0.0-rc.1", "", "2.0.0-rc.1 is not in <2"},
      Case{"semver:<2.0.0;prerelease", "app:1.4.2", "2.0.0-rc.1", "", "2.0.0-rc.1 is not in"},
      Case{"semver:~1.4;prerelease", "app:1.4.2", "1.5.0-rc.1 1.4.3-rc.1", "app:1.4.3-rc.1", ""},
      Case{"semver:^1;prerelease", "app:1.4.2", "2.0.0-0", "", "2.0.0-0 is not in ^1"},
      Case{"semver", "app:1.5.0-rc.1", "1.5.0-rc.2", "", "1.5.0-rc.2 is a prerelease"},
      Case{"semver", "app:1.5.0-rc.1", "1.4.0", "", "1.5.0-rc.1 runs now|nothing is downgraded"},
      Case{"semver", "app:1.25.3", "1.25.4-alpine", "", "1.25.4-alpine is a prerelease"}));
}

TEST_CASE("semver prefers the form of the current tag among tags of one version",
          "[pipeline][decision]") {
  check(GENERATE(
      Case{"semver", "app:1.4", "1.5 1.5.0", "app:1.5", ""},
      Case{"semver", "app:1.4.0", "1.5 1.5.0", "app:1.5.0", ""},
      Case{"semver", "app:v1.4.0", "1.5.0 v1.5.0 v1.5", "app:v1.5.0", ""},
      Case{"semver", "app:1.4.0", "v1.5.0 1.5.0 v1.5", "app:1.5.0", ""},
      Case{"semver", "app:v1.4", "1.5 v1.5.0 v1.5", "app:v1.5", ""},
      Case{"semver", "app:v1.4", "1.5 v1.5.0", "app:1.5", ""},
      Case{"semver", "app:1.4.0", "v1.5 1.5", "app:1.5", ""},
      Case{"semver", "app:1.4.0_b1", "1.5.0_b1 1.5.0_b2", "app:1.5.0_b1", ""},
      Case{"semver;prerelease", "app:1.4.0", "1.5-rc.1.x 1.5.0-rc.1.x", "app:1.5.0-rc.1.x", ""},
      Case{"semver", "app:1.4.0", "1.5 1.5.0 1.6", "app:1.6", ""}));
}

TEST_CASE("semver needs a version to compare with", "[pipeline][decision]") {
  check(GENERATE(
      Case{"semver", "app:latest", "1.4.3", "", "'latest' is no version|nothing to compare with"},
      Case{"semver", "app", "1.4.3", "", "no tag is written|'latest' is no version"},
      Case{"semver", "app:main", "1.4.3", "", "'main' is no version"},
      Case{"semver", "app:3050", "1.4.3 3051", "", "'3050' is no version|dot"},
      Case{"semver", "app:1.04.2", "1.4.3", "", "'1.04.2' is no version|leading zero"},
      Case{"semver", "app:stable@a", "1.4.3@b", "", "'stable' is no version"},
      Case{"semver", "app@a", "1.4.3@b", "", "no tag to compare with|pinned by digest"},
      Case{"semver:~1.4", "app@a", "1.4.3@a", "", "no tag to compare with"}));
}

TEST_CASE("semver leaves out what is held and says so", "[pipeline][decision]") {
  check(GENERATE(
      Case{"semver", "app:1.4.2", "1.4.3 1.4.4 !1.4.4", "app:1.4.3",
           "1.4.3 is the highest of 1 version;|1.4.4 is held: its rollout failed"},
      Case{"semver", "app:1.4.2", "1.4.3 !1.4.3", "",
           "already runs the highest|1.4.3 is held: its rollout failed"},
      Case{"semver", "app:1.4.2", "1.4.3@b !@b", "", "1.4.3 is held: its rollout failed"},
      Case{"semver", "app:1.4.2", "1.4.3@b 1.4.4@b !@b", "", "1.4.4 is held"},
      Case{"semver", "app:1.4.2", "1.4.3@c !@b", "app:1.4.3", ""},
      Case{"semver", "app:1.4.2", "1.4.3 !@b", "app:1.4.3", ""},
      Case{"semver", "app:1.4.2", "1.4.3@c !1.4.3", "", "1.4.3 is held"},
      Case{"semver", "app:1.4.2", "1.4.3 1.4.4 1.4.5 !1.4.5 !1.4.4", "app:1.4.3", "1.4.5 is held"},
      Case{"semver", "app:1.4.2", "1.4.3 1.5.0 !1.4.3", "app:1.5.0",
           "1.5.0 is the highest of 1 version; 1.4.2 runs now"},
      Case{"semver", "app:1.4.2", "1.4.2 1.4.1 !1.4.1", "",
           "already runs the highest of 2 versions: 1.4.2"},
      Case{"semver:~1.4", "app:1.4.2", "1.4.3 2.0.0 !1.4.3 !2.0.0", "", "1.4.3 is held"}));
}

TEST_CASE("semver never takes the tag of a signature or referrer", "[pipeline][decision]") {
  const std::string companion = "sha256-" + std::string(64, '1');
  check(Case{"semver", "app:1.4.2", companion + " 1.4.3", "app:1.4.3", "highest of 1 version;"});
  check(Case{"semver", "app:1.4.2", companion + ".sig", "", "already runs the highest: 1.4.2"});
}

TEST_CASE("semver pins by digest as the settings and the current reference say",
          "[pipeline][decision]") {
  check(GENERATE(
      Case{"semver", "app:1.4.2", "1.4.3@b", "app:1.4.3", ""},
      Case{"semver", "app:1.4.2@a", "1.4.3@b", "app:1.4.3@b", "1.4.3 is the highest"},
      Case{"semver;pin=digest", "app:1.4.2", "1.4.3@b", "app:1.4.3@b", ""},
      Case{"semver;pin=digest", "app:1.4.2@a", "1.4.3@b", "app:1.4.3@b", ""},
      Case{"semver;pin=tag", "app:1.4.2", "1.4.3@b", "app:1.4.3", ""},
      Case{"semver;pin=tag", "app:1.4.2@a", "1.4.3@b", "app:1.4.3", ""},
      Case{"semver;pin=tag", "app:1.4.2@a", "1.4.3", "app:1.4.3", ""},
      Case{"semver", "app:1.4.2@a", "1.4.3", "",
           "1.4.3 is the highest|digest is not known|pinned by digest|1.4.2 runs now"},
      Case{"semver;pin=digest", "app:1.4.2", "1.4.3", "", "digest is not known|pin is digest"},
      Case{"semver", "app:1.4.2@a", "1.4.3@b 1.4.4", "",
           "1.4.4 is the highest|digest is not known"},
      Case{"semver", "app:1.4.2@a", "1.4.2@a", "", "already runs the highest of 1 version: 1.4.2"},
      Case{"semver", "app:1.4.2@a", "1.4.2@b", "",
           "already runs the highest|1.4.2 now names sha256:bbbb|semver does not follow a moved "
           "tag"},
      Case{"semver;pin=digest", "app:1.4.2@a", "1.4.2@b", "", "semver does not follow a moved tag"},
      Case{"semver", "app:1.4.2@a", "1.4.2@b 1.4.3@a", "app:1.4.3@a", ""},
      Case{"semver", "app:1.4.2@a", "1.4.2", "", "already runs the highest"}));
}
