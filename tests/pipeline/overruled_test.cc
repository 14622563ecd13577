// SPDX-License-Identifier: Apache-2.0
#include "pipeline/overruled.h"

#include <catch2/catch.hpp>

#include "tests/pipeline/decide_support.h"

using namespace longshore;
using longshore::test::candidate;
using longshore::test::image;

namespace {

Workload workload(const std::string& current, const std::string& policy) {
  return {"prod", "web", {{"app", image(current)}}, {{"longshore.dev/policy", policy}}};
}

LastWrite written(const std::string& ours) {
  return {"app", image(ours), {}, image("app:0"), {}, ActionId::make(Time{}), Time{}};
}

std::vector<Hold> holds(const std::string& policy, const std::string& current,
                        const std::string& ours, const std::vector<Candidate>& candidates = {}) {
  const Workload live = workload(current, policy);
  const std::vector<LastWrite> rows = {written(ours)};
  return overruled(live, rows, live.containers.front().image.repository(), {}, candidates, Time{});
}

}  // namespace

TEST_CASE("An image below what we wrote is a person's word", "[pipeline][people]") {
  const auto found = holds("semver", "app:1.4.1", "app:1.4.2");
  REQUIRE(found.size() == 1);
  const Hold& hold = found.front();
  CHECK(hold.target == "prod");
  CHECK(hold.workload == "web");
  CHECK(hold.container == "app");
  CHECK(hold.tag->str() == "1.4.2");
  CHECK_FALSE(hold.digest);
  CHECK(hold.and_below);
  CHECK(hold.actor.empty());
  CHECK(hold.reason == "app:1.4.1 was set by somebody else after longshore had written app:1.4.2");
}

TEST_CASE("What is below is the policy's matter", "[pipeline][people]") {
  CHECK(holds("semver", "app:1.4.1@a", "app:1.4.2@b").size() == 1);
  CHECK(holds("semver", "app:1.4.3", "app:1.4.2").empty());
  CHECK(holds("semver", "app:1.4.2", "app:1.4.2").empty());
  CHECK(holds("semver", "other:1.4.1", "app:1.4.2").empty());
  CHECK(holds("semver", "app:latest", "app:1.4.2").empty());
  CHECK(holds("never", "app:1.4.1", "app:1.4.2").empty());
  CHECK(holds("semvr", "app:1.4.1", "app:1.4.2").empty());
  CHECK(holds("numeric", "app:6", "app:7").size() == 1);
  CHECK(holds("numeric", "app:8", "app:7").empty());
  CHECK(holds("digest", "app:latest@a", "app:latest@b").size() == 1);
  CHECK(holds("digest", "app:latest", "app:latest@b").size() == 1);
  CHECK(holds("digest", "app:stable@a", "app:latest@b").empty());
}

TEST_CASE("By age, what was pushed when counts", "[pipeline][people]") {
  const std::vector<Candidate> pushes = {candidate("a", 1), candidate("b", 2), candidate("c", 3)};
  CHECK(holds("newest", "app:a", "app:b", pushes).size() == 1);
  CHECK(holds("newest", "app:c", "app:b", pushes).empty());
}

TEST_CASE("A minimum age does not turn a person's word into nothing", "[pipeline][people]") {
  const Workload live{"prod", "web", {{"app", image("app:1.4.1")}}, {}};
  PolicySettings settings{*parse_policy("semver")};
  settings.min_age = std::chrono::hours(24);
  const std::vector<PolicyRule> rules = {{"docker.io/library/*", settings}};
  const std::vector<LastWrite> rows = {written("app:1.4.2")};
  const Repository repository = live.containers.front().image.repository();
  CHECK(overruled(live, rows, repository, rules, {}, Time{}).size() == 1);
}

TEST_CASE("Containers that we have not written are not looked at", "[pipeline][people]") {
  const Workload live = workload("app:1.4.1", "semver");
  LastWrite other = written("app:1.4.2");
  other.container = "sidecar";
  const std::vector<LastWrite> rows = {other};
  CHECK(overruled(live, rows, live.containers.front().image.repository(), {}, {}, Time{}).empty());
}
