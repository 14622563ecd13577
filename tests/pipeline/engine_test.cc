// SPDX-License-Identifier: Apache-2.0
#include "pipeline/engine.h"

#include <catch2/catch.hpp>

#include "tests/support/engine_fixture.h"

using namespace longshore;
using longshore::test::EngineFixture;
using longshore::test::eventually;
using longshore::test::hex_digest;
using longshore::test::key_of;
using longshore::test::pushed;

namespace {

std::string word(const std::string& key, const std::string& value) {
  return "\"" + key + "\":\"" + value + "\"";
}

bool runs(const EngineFixture& fixture, const std::string& id, const std::string& image) {
  return eventually([&] { return fixture.target->image(id) == image; });
}

}  // namespace

TEST_CASE("A push in range changes the workload and the audit tells the story",
          "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  REQUIRE(fixture.start());
  const auto accepted = fixture.push("acme/shop:1.4.2");
  REQUIRE(accepted);
  CHECK(accepted->stored == 1);
  CHECK(runs(fixture, "shop", "acme/shop:1.4.2"));
  const std::string id = word("id", accepted->id.str());
  CHECK(fixture.audited({id, word("step", "received"), "docker.io/acme/shop:1.4.2"}));
  CHECK(fixture.audited({id, word("decision", "update"), word("to", "acme/shop:1.4.2")}));
  CHECK(fixture.audited({id, word("step", "applied"), word("outcome", "delivered")}));
}

TEST_CASE("A push that changes nothing says why", "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  fixture.target->put("bare", "acme/bare:1", "");
  REQUIRE(fixture.start());
  SECTION("an older version") {
    REQUIRE(fixture.push("acme/shop:1.4.0"));
    CHECK(fixture.audited({word("decision", "skip"), "1.4.1", "prod: shop web"}));
  }
  SECTION("nothing runs it, but the same path on another host is known") {
    REQUIRE(fixture.push("registry.example.com/acme/shop:1.4.5"));
    CHECK(fixture.audited(
        {word("decision", "skip"), "no workload runs", "docker.io/acme/shop is known"}));
  }
  SECTION("no policy") {
    REQUIRE(fixture.push("acme/bare:2"));
    CHECK(fixture.audited({word("decision", "skip"), "none has a policy"}));
  }
  CHECK(fixture.target->attempts() == 0);
}

TEST_CASE("What waits for one repository is decided once and names the event that decided",
          "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  fixture.target->set_unsynced();
  REQUIRE(fixture.start());
  std::vector<Event> burst;
  for (const char* tag : {"1.4.2", "1.4.4", "1.4.3"}) {
    burst.push_back(pushed(std::string("acme/shop:") + tag));
  }
  const std::string first = burst[0].id.str();
  const std::string winner = burst[1].id.str();
  fixture.target->set_synced();
  REQUIRE(fixture.accept(std::move(burst)));
  CHECK(runs(fixture, "shop", "acme/shop:1.4.4"));
  CHECK(fixture.target->applied() == 1);
  CHECK(fixture.audited({word("id", first), word("decision", "superseded"), winner}));
}

TEST_CASE("A delivery that comes again is recognised, also after a restart", "[pipeline][engine]") {
  EngineFixture fixture;
  REQUIRE(fixture.start());
  const auto send = [&] {
    std::vector<Event> events;
    events.push_back(pushed("acme/shop:1.4.2"));
    events.back().key = key_of("delivery 1");
    return fixture.accept(std::move(events));
  };
  const auto first = send();
  REQUIRE(first);
  CHECK(first->stored == 1);
  const auto again = send();
  REQUIRE(again);
  CHECK(again->stored == 0);
  CHECK(again->duplicates == 1);
  CHECK(again->id == first->id);
  REQUIRE(fixture.restart());
  const auto later = send();
  REQUIRE(later);
  CHECK(later->duplicates == 1);
  CHECK(later->id == first->id);
}

TEST_CASE("Two events without a delivery key are two events", "[pipeline][engine]") {
  EngineFixture fixture;
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  const auto second = fixture.push("acme/shop:1.4.2");
  REQUIRE(second);
  CHECK(second->stored == 1);
  CHECK(second->durable_after == 2);
}

TEST_CASE("A moving tag ends at its last digest, A to B to A", "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.target->put("shop", "acme/shop:latest", "digest");
  REQUIRE(fixture.start());
  for (const char c : {'a', 'b', 'a'}) {
    REQUIRE(fixture.push("acme/shop:latest@" + hex_digest(c)));
    CHECK(runs(fixture, "shop", "acme/shop:latest@" + hex_digest(c)));
  }
}

TEST_CASE("A target that is not synced is decided when it is, other targets go on",
          "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  fixture.target->set_unsynced();
  auto other = std::make_shared<longshore::test::FakeTarget>("other");
  other->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  REQUIRE(fixture.open());
  REQUIRE(fixture.engine->start({fixture.target, other}));
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  CHECK(eventually([&] { return other->image("shop") == "acme/shop:1.4.2"; }));
  CHECK(fixture.audited({word("decision", "wait"), "prod"}));
  CHECK(eventually([&] { return fixture.engine->status().waits.size() == 1; }));
  CHECK(eventually([&] { return fixture.engine->status().backlog == 0; }));
  CHECK(fixture.target->image("shop") == "acme/shop:1.4.1");
  fixture.target->set_synced();
  CHECK(runs(fixture, "shop", "acme/shop:1.4.2"));
  CHECK(eventually([&] { return fixture.engine->status().waits.empty(); }));
}

TEST_CASE("A workload that appears after the push gets it too", "[pipeline][engine]") {
  EngineFixture fixture;
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.engine->status().backlog == 0; }));
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  CHECK(runs(fixture, "shop", "acme/shop:1.4.2"));
}

TEST_CASE("Events that are recorded and not acted upon are finished at once",
          "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  REQUIRE(fixture.start());
  std::vector<Event> events;
  events.push_back(pushed("acme/shop:1.4.2"));
  events.back().not_actionable = "source hub may not speak of it";
  REQUIRE(fixture.accept(std::move(events)));
  CHECK(fixture.audited({word("decision", "ignore"), "may not speak"}));
  CHECK(eventually([&] { return fixture.engine->status().backlog == 0; }));
  CHECK(fixture.target->attempts() == 0);
}

TEST_CASE("Nothing is done on a target that is observed", "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.options.observe = true;
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  CHECK(fixture.audited({word("decision", "update"), word("outcome", "observed")}));
  CHECK(fixture.target->attempts() == 0);
}

TEST_CASE("A policy that cannot be used is reported once", "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.target->put("shop", "acme/shop:1.4.1", "glob:1/*");
  REQUIRE(fixture.start());
  CHECK(fixture.audited({word("step", "policy"), "glob"}));
  REQUIRE(eventually([&] { return fixture.engine->status().bad_policies.size() == 1; }));
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  CHECK(fixture.audited({word("decision", "skip"), "glob"}));
  CHECK(fixture.count_audit({word("step", "policy")}) == 1);
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  CHECK(runs(fixture, "shop", "acme/shop:1.4.2"));
  CHECK(eventually([&] { return fixture.engine->status().bad_policies.empty(); }));
}

TEST_CASE("The intake refuses what it has no room for and keeps nothing of it",
          "[pipeline][engine]") {
  EngineFixture fixture;
  SECTION("the backlog") {
    fixture.options.backlog_events = 1;
    fixture.options.lane_workers = 0;
    REQUIRE(fixture.start());
    REQUIRE(fixture.push("acme/shop:1.4.2"));
    const auto refused = fixture.push("acme/shop:1.4.3");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::busy);
    CHECK_FALSE(fixture.engine->status().accepting);
  }
  SECTION("after a stop") {
    REQUIRE(fixture.start());
    fixture.engine->stop();
    const auto refused = fixture.engine->accept({pushed("acme/shop:1.4.3")});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unavailable);
  }
}

TEST_CASE("A second engine on the same store is refused and told who has it",
          "[pipeline][engine]") {
  EngineFixture fixture;
  REQUIRE(fixture.start());
  EngineFixture second;
  second.options.store.path = fixture.options.store.path;
  const auto status = second.open();
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::busy);
  CHECK(status.error().message.find(std::to_string(getpid())) != std::string::npos);
}

TEST_CASE("Policies and targets change while it runs", "[pipeline][engine]") {
  EngineFixture fixture;
  fixture.target->put("shop", "acme/shop:1.4.1", "");
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(fixture.audited({"none has a policy"}));
  PipelineOptions next;
  next.policies = {{"docker.io/acme/*", {*parse_policy("semver"), Pin::automatic, false}}};
  SECTION("a new rule decides again") {
    REQUIRE(fixture.engine->reconfigure(next, {fixture.target}));
    CHECK(runs(fixture, "shop", "acme/shop:1.4.2"));
  }
  SECTION("the actions of a target that is gone are parked, and taken up when it is back") {
    fixture.target->script({Outcome::retry, "away", std::chrono::hours(1)});
    REQUIRE(fixture.engine->reconfigure(next, {fixture.target}));
    REQUIRE(fixture.audited({word("outcome", "retry"), "away"}));
    REQUIRE(fixture.engine->reconfigure(next, {}));
    CHECK(eventually([&] { return fixture.engine->status().actions.contains("parked"); }));
    REQUIRE(fixture.engine->reconfigure(next, {fixture.target}));
    CHECK(runs(fixture, "shop", "acme/shop:1.4.2"));
  }
}

TEST_CASE("History keeps which digest a tag named and since when", "[pipeline][engine]") {
  EngineFixture fixture;
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:latest@" + hex_digest('a')));
  REQUIRE(fixture.push("acme/shop:latest@" + hex_digest('b')));
  REQUIRE(eventually([&] { return fixture.engine->status().backlog == 0; }));
  const auto history = fixture.engine->history(*Repository::parse("acme/shop"), 10);
  REQUIRE(history);
  REQUIRE(history->size() == 2);
  CHECK(history->at(0).digest->str() == hex_digest('b'));
  CHECK_FALSE(history->at(0).until);
  CHECK(history->at(1).digest->str() == hex_digest('a'));
  CHECK(history->at(1).until);
}
