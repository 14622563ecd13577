// SPDX-License-Identifier: Apache-2.0
#include "pipeline/restart.h"

#include <catch2/catch.hpp>

#include "tests/support/engine_fixture.h"

using namespace longshore;
using longshore::test::EngineFixture;
using longshore::test::eventually;
using longshore::test::hex_digest;

namespace {

const std::string kFirst = hex_digest('a');
const std::string kSecond = hex_digest('b');

PolicySettings settings(const std::string& policy = "digest") {
  return {.policy = *parse_policy(policy), .pin = Pin::tag};
}

Candidate named(const std::string& tag, const std::string& digest) {
  return {.tag = *Tag::parse(tag),
          .digest = *Digest::parse(digest),
          .seq = 3,
          .event = EventId::make(Time{}),
          .occurred_at = {},
          .first_seen = Time{}};
}

LastWrite wrote(const std::string& image, const std::string& digest) {
  return {"web",
          *ImageRef::parse(image),
          *Digest::parse(digest),
          *ImageRef::parse(image),
          {},
          ActionId::make(Time{}),
          Time{}};
}

Decision decided(const std::string& current, const LastWrite* ours, const std::string& digest) {
  const std::vector<Candidate> candidates = {named("latest", digest)};
  return decide_restart(settings(), *ImageRef::parse(current), ours, candidates, {}, Time{});
}

// A workload that is restarted, and says which digest its instances run.
struct Restarting : EngineFixture {
  Restarting() {
    options.sweep.every = std::chrono::seconds{0};
    target->put_restarting("shop", "acme/shop:latest");
  }
  bool applied(std::size_t times) {
    return eventually([&] { return count_audit({"\"step\":\"applied\""}) == times; });
  }
};

}  // namespace

TEST_CASE("Only digest with pin: tag is followed by a restart", "[pipeline][restart]") {
  CHECK(follows_by_restart(settings()));
  CHECK_FALSE(follows_by_restart(settings("semver")));
  PolicySettings pinned = settings();
  pinned.pin = Pin::automatic;
  CHECK_FALSE(follows_by_restart(pinned));
}

TEST_CASE("A restart leaves the reference as it is", "[pipeline][restart]") {
  const Decision decision = decided("app:latest", nullptr, kSecond);
  CHECK(decision.verdict == Verdict::update);
  CHECK(decision.to->str() == "app:latest");
  CHECK(decision.winner->digest->str() == kSecond);
  CHECK(decided("app", nullptr, kSecond).to->effective_tag()->str() == "latest");
  // After a way back by digest the tag is followed again.
  CHECK(decided("app:latest@" + kFirst, nullptr, kSecond).to->str() == "app:latest");
}

TEST_CASE("What was restarted for a digest is not restarted for it again", "[pipeline][restart]") {
  const LastWrite ours = wrote("app:latest", kSecond);
  CHECK(decided("app:latest", &ours, kSecond).verdict == Verdict::skip);
  CHECK(decided("app:latest", &ours, kFirst).verdict == Verdict::update);
  const LastWrite other = wrote("app:stable", kSecond);
  CHECK(decided("app:latest", &other, kSecond).verdict == Verdict::update);
}

TEST_CASE("A held digest is not restarted for", "[pipeline][restart]") {
  const std::vector<Candidate> candidates = {named("latest", kSecond)};
  const ImageRef current = *ImageRef::parse("app:latest");
  const std::vector<Hold> holds = {Hold{.target = "prod",
                                        .workload = "shop",
                                        .container = "web",
                                        .repository = current.repository(),
                                        .digest = *Digest::parse(kSecond),
                                        .tag = {},
                                        .reason = "it crashed"}};
  CHECK(decide_restart(settings(), current, nullptr, candidates, holds, Time{}).verdict ==
        Verdict::skip);
}

TEST_CASE("Each new digest of a tag is one restart", "[pipeline][restart]") {
  Restarting fixture;
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:latest@" + kFirst));
  REQUIRE(fixture.applied(1));
  REQUIRE(fixture.push("acme/shop:latest@" + kFirst));
  REQUIRE(fixture.audited({"\"decision\":\"skip\"", "already runs"}));
  REQUIRE(fixture.push("acme/shop:latest@" + kSecond));
  REQUIRE(fixture.applied(2));
  REQUIRE(fixture.restart());
  REQUIRE(eventually([&] { return fixture.engine->status().backlog == 0; }));
  CHECK(fixture.applied(2));
  CHECK(fixture.target->image("shop") == "acme/shop:latest");
}

TEST_CASE("What all instances run already is not restarted for", "[pipeline][restart]") {
  Restarting fixture;
  fixture.target = std::make_shared<test::FakeTarget>("prod", test::FakeTarget::Rollouts::watched);
  fixture.target->put_restarting("shop", "acme/shop:latest");
  fixture.target->run("web", kFirst);
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:latest@" + kFirst));
  REQUIRE(fixture.audited({"\"step\":\"applied\"", "run it already"}));
  CHECK(fixture.target->attempts() == 0);
  REQUIRE(fixture.push("acme/shop:latest@" + kSecond));
  CHECK(eventually([&] { return fixture.target->attempts() == 1; }));
}
