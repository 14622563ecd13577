// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "pipeline/engine.h"
#include "tests/support/engine_fixture.h"

using namespace longshore;
using longshore::test::EngineFixture;
using longshore::test::eventually;
using longshore::test::hex_digest;
using longshore::test::pushed;

namespace {

std::string word(const std::string& key, const std::string& value) {
  return "\"" + key + "\":\"" + value + "\"";
}

bool runs(const EngineFixture& fixture, const std::string& image) {
  return eventually([&] { return fixture.target->image("shop") == image; });
}

// So many actions are done, which the store knows: what follows is not ours.
bool done(const EngineFixture& fixture, std::uint64_t count) {
  return eventually([&] { return fixture.engine->status().actions["done"] == count; });
}

// The event of that push has been decided.
bool decided(const EngineFixture& fixture, const Result<Accepted>& push) {
  return fixture.audited({word("id", push->id.str()), word("step", "decided")});
}

void begin(EngineFixture& fixture, const std::string& image = "acme/shop:1.4.1",
           const std::string& policy = "semver:~1.4") {
  fixture.target->put("shop", image, policy);
  REQUIRE(fixture.start());
}

}  // namespace

TEST_CASE("What is paused waits, and is done when it is resumed", "[pipeline][people]") {
  const Scope scope = GENERATE(Scope{}, Scope{"", "prod"}, Scope{"shop", ""});
  EngineFixture fixture;
  begin(fixture);
  PeopleControl& people = fixture.engine->people();
  const auto paused = people.pause(scope, "the audit", "ann");
  REQUIRE(paused);
  CHECK(paused->workload == scope.workload);
  REQUIRE(fixture.engine->status().pauses.size() == 1);
  const auto push = fixture.push("acme/shop:1.4.2");
  CHECK(fixture.audited(
      {word("id", push->id.str()), word("decision", "wait"), "paused by ann: the audit"}));
  CHECK(fixture.audited({word("step", "paused"), word("actor", "ann")}));
  CHECK(fixture.target->attempts() == 0);
  const auto resumed = fixture.engine->people().resume(scope, "bob");
  REQUIRE(resumed);
  CHECK(resumed->ended.actor == "ann");
  CHECK(runs(fixture, "acme/shop:1.4.2"));
  CHECK(fixture.audited({word("step", "resumed"), word("actor", "bob")}));
  CHECK(fixture.engine->status().pauses.empty());
}

TEST_CASE("A pause of one workload leaves the others alone", "[pipeline][people]") {
  EngineFixture fixture;
  fixture.target->put("other", "acme/shop:1.4.1", "semver:~1.4");
  begin(fixture);
  REQUIRE(fixture.engine->people().pause({"shop", ""}, "", "ann"));
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  CHECK(eventually([&] { return fixture.target->image("other") == "acme/shop:1.4.2"; }));
  CHECK(fixture.target->image("shop") == "acme/shop:1.4.1");
}

TEST_CASE("A pause takes back what is not sent yet", "[pipeline][people]") {
  EngineFixture fixture;
  fixture.target->script({Outcome::retry, "away", std::chrono::hours(1)});
  begin(fixture);
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(fixture.audited({word("outcome", "retry")}));
  REQUIRE(
      eventually([&] { return fixture.engine->status().actions.contains("waiting for retry"); }));
  REQUIRE(fixture.engine->people().pause({}, "", "ann"));
  auto actions = fixture.engine->status().actions;
  CHECK(actions["superseded"] == 1);
  CHECK_FALSE(actions.contains("waiting for retry"));
  REQUIRE(fixture.engine->people().resume({}, "ann"));
  CHECK(runs(fixture, "acme/shop:1.4.2"));
}

TEST_CASE("Only what is paused can be resumed, and what still is paused is said",
          "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  PeopleControl& people = fixture.engine->people();
  CHECK(people.resume({}, "ann").error().code == Errc::not_found);
  REQUIRE(people.pause({}, "", "ann"));
  const auto not_itself = people.resume({"shop", ""}, "bob");
  REQUIRE_FALSE(not_itself);
  CHECK(not_itself.error().message.find("everything is, by ann") != std::string::npos);
  REQUIRE(people.pause({"", "prod"}, "", "bob"));
  const auto resumed = people.resume({}, "ann");
  REQUIRE(resumed);
  REQUIRE(resumed->still.size() == 1);
  CHECK(resumed->still.front().target == "prod");
  const auto unknown = people.pause({"", "prodd"}, "", "ann");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.find("the targets are prod") != std::string::npos);
  CHECK(people.pause({"nothing", ""}, "", "ann").error().code == Errc::not_found);
}

TEST_CASE("An image that is held is no candidate until unhold", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  const auto held = fixture.engine->people().hold({{"shop", ""}, "1.4.2", "", "it leaks"}, "ann");
  REQUIRE(held);
  CHECK(held->front().tag->str() == "1.4.2");
  CHECK(fixture.audited({word("step", "held"), word("actor", "ann"), "it leaks"}));
  const auto push = fixture.push("acme/shop:1.4.2");
  CHECK(fixture.audited({word("id", push->id.str()), word("decision", "skip"), "it leaks"}));
  REQUIRE(fixture.restart());
  REQUIRE(fixture.engine->status().holds.size() == 1);
  CHECK(fixture.engine->status().holds.front().actor == "ann");
  CHECK(fixture.target->image("shop") == "acme/shop:1.4.1");
  SECTION("another is one") {
    REQUIRE(fixture.push("acme/shop:1.4.3"));
    CHECK(runs(fixture, "acme/shop:1.4.3"));
  }
  SECTION("unhold") {
    const auto wrong = fixture.engine->people().unhold({{"shop", ""}, "1.4.9", "", ""}, "bob");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == Errc::not_found);
    const auto ended = fixture.engine->people().unhold({{"shop", ""}, "1.4.2", "", ""}, "bob");
    REQUIRE(ended);
    CHECK(ended->size() == 1);
    CHECK(runs(fixture, "acme/shop:1.4.2"));
    CHECK(fixture.audited({word("step", "unheld"), word("actor", "bob")}));
  }
}

TEST_CASE("A hold names an image that the workload runs", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  PeopleControl& people = fixture.engine->people();
  CHECK(people.hold({{"shop", ""}, "acme/other:1", "", ""}, "ann").error().code == Errc::not_found);
  CHECK(people.hold({{"shop", ""}, "acme/shop", "", ""}, "ann").error().code ==
        Errc::invalid_input);
  CHECK(people.hold({{"shop", ""}, "1.4.2", "nginx", ""}, "ann").error().code == Errc::not_found);
  CHECK(fixture.engine->status().holds.empty());
}

TEST_CASE("A person's lower version stands until unhold, a higher one goes through",
          "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(done(fixture, 1));
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  CHECK(fixture.audited({word("step", "overruled"), "docker.io/acme/shop:1.4.2",
                         "acme/shop:1.4.1 was set by somebody else"}));
  const auto again = fixture.push("acme/shop:1.4.2");
  REQUIRE(decided(fixture, again));
  REQUIRE(fixture.restart());
  const auto after = fixture.push("acme/shop:1.4.2");
  REQUIRE(decided(fixture, after));
  CHECK(fixture.target->image("shop") == "acme/shop:1.4.1");
  CHECK(fixture.count_audit({word("step", "overruled")}) == 1);
  REQUIRE(fixture.engine->status().holds.size() == 1);
  CHECK(fixture.engine->status().holds.front().actor.empty());
  SECTION("a higher one") {
    REQUIRE(fixture.push("acme/shop:1.4.3"));
    CHECK(runs(fixture, "acme/shop:1.4.3"));
  }
  SECTION("unhold") {
    REQUIRE(fixture.engine->people().unhold({{"shop", ""}, "", "", ""}, "ann"));
    CHECK(runs(fixture, "acme/shop:1.4.2"));
    CHECK(fixture.count_audit({word("step", "overruled")}) == 1);
  }
}

TEST_CASE("What ranks between a person's version and ours is held, too", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  REQUIRE(fixture.push("acme/shop:1.4.5"));
  REQUIRE(done(fixture, 1));
  fixture.target->put("shop", "acme/shop:1.4.1", "semver:~1.4");
  REQUIRE(fixture.audited({word("step", "overruled")}));
  const auto between = fixture.push("acme/shop:1.4.3");
  CHECK(fixture.audited(
      {word("id", between->id.str()), word("decision", "skip"), "set by somebody else"}));
  CHECK(fixture.target->image("shop") == "acme/shop:1.4.1");
  REQUIRE(fixture.push("acme/shop:1.4.6"));
  CHECK(runs(fixture, "acme/shop:1.4.6"));
}

TEST_CASE("A person's change that ranks higher is no objection", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(done(fixture, 1));
  fixture.target->put("shop", "acme/shop:1.4.5", "semver:~1.4");
  REQUIRE(fixture.push("acme/shop:1.4.6"));
  CHECK(runs(fixture, "acme/shop:1.4.6"));
  CHECK(fixture.count_audit({word("step", "overruled")}) == 0);
}

TEST_CASE("A person's older digest stands, a new one goes through", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture, "acme/shop:latest@" + hex_digest('a'), "digest");
  REQUIRE(fixture.push("acme/shop:latest@" + hex_digest('b')));
  REQUIRE(done(fixture, 1));
  fixture.target->put("shop", "acme/shop:latest@" + hex_digest('a'), "digest");
  CHECK(fixture.audited({word("step", "overruled"), hex_digest('b')}));
  const auto again = fixture.push("acme/shop:latest@" + hex_digest('b'));
  REQUIRE(decided(fixture, again));
  CHECK(fixture.target->image("shop") == "acme/shop:latest@" + hex_digest('a'));
  REQUIRE(fixture.push("acme/shop:latest@" + hex_digest('c')));
  CHECK(runs(fixture, "acme/shop:latest@" + hex_digest('c')));
}

TEST_CASE("Our own changes are never taken for a person's", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture, "acme/shop:latest@" + hex_digest('f'), "digest");
  for (int round = 0; round < 10; ++round) {
    for (const char c : {'a', 'b', 'c', 'd'}) {
      REQUIRE(fixture.push("acme/shop:latest@" + hex_digest(c)));
      if (round % 2 == 0) CHECK(runs(fixture, "acme/shop:latest@" + hex_digest(c)));
    }
  }
  CHECK(runs(fixture, "acme/shop:latest@" + hex_digest('d')));
  CHECK(fixture.count_audit({word("step", "overruled")}) == 0);
}

TEST_CASE("A rollback sets what ran before and keeps what it left away", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(done(fixture, 1));
  const auto made = fixture.engine->people().rollback({"shop", ""}, "", "ann");
  REQUIRE(made);
  CHECK(made->action.changes.front().to.str() == "acme/shop:1.4.1");
  CHECK(runs(fixture, "acme/shop:1.4.1"));
  REQUIRE(done(fixture, 2));
  CHECK(fixture.audited({word("step", "rolled back"), word("actor", "ann"),
                         word("from", "acme/shop:1.4.2"), word("to", "acme/shop:1.4.1")}));
  CHECK(fixture.audited({word("id", made->action.event.str()), word("step", "applied")}));
  const auto again = fixture.push("acme/shop:1.4.2");
  CHECK(fixture.audited(
      {word("id", again->id.str()), word("decision", "skip"), "rolled back by ann"}));
  CHECK(fixture.target->image("shop") == "acme/shop:1.4.1");
  CHECK(fixture.count_audit({word("step", "overruled")}) == 0);
  SECTION("a higher one goes through") {
    REQUIRE(fixture.push("acme/shop:1.4.3"));
    CHECK(runs(fixture, "acme/shop:1.4.3"));
  }
  SECTION("once more does not bring it back") {
    const auto back = fixture.engine->people().rollback({"shop", ""}, "", "ann");
    REQUIRE_FALSE(back);
    CHECK(back.error().code == Errc::conflict);
    CHECK(back.error().message.find("--to") != std::string::npos);
  }
  SECTION("unhold does") {
    REQUIRE(fixture.engine->people().unhold({{"shop", ""}, "", "", ""}, "bob"));
    CHECK(runs(fixture, "acme/shop:1.4.2"));
  }
}

TEST_CASE("No decision takes a rollback back that is not sent yet", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(done(fixture, 1));
  fixture.target->script({Outcome::retry, "away", std::chrono::hours(1)});
  REQUIRE(fixture.engine->people().rollback({"shop", ""}, "", "ann"));
  REQUIRE(fixture.audited({word("outcome", "retry")}));
  REQUIRE(decided(fixture, fixture.push("acme/shop:1.4.2")));
  REQUIRE(fixture.engine->people().pause({}, "", "bob"));
  REQUIRE(decided(fixture, fixture.push("acme/shop:1.4.0")));
  const auto waiting = fixture.engine->actions(ActionState::waiting, 10);
  REQUIRE(waiting);
  REQUIRE(waiting->size() == 1);
  REQUIRE(fixture.engine->retry_action(waiting->front().id, "ann"));
  CHECK(runs(fixture, "acme/shop:1.4.1"));
}

TEST_CASE("A rollback goes where it is told, and says what it cannot do", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture);
  PeopleControl& people = fixture.engine->people();
  const auto nowhere = people.rollback({"shop", ""}, "", "ann");
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == Errc::conflict);
  CHECK(nowhere.error().message.find("--to") != std::string::npos);
  CHECK(people.rollback({"shop", ""}, "1.4.1", "ann").error().code == Errc::conflict);
  CHECK(people.rollback({"shop", ""}, "acme/other:1", "ann").error().code == Errc::not_found);
  CHECK(people.rollback({"nothing", ""}, "1.4.0", "ann").error().code == Errc::not_found);
  REQUIRE(people.rollback({"shop", ""}, "1.3.9", "ann"));
  CHECK(runs(fixture, "acme/shop:1.3.9"));
}

TEST_CASE("A rollback to a tag that has moved writes the digest", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture, "acme/shop:latest@" + hex_digest('a'), "digest");
  REQUIRE(fixture.push("acme/shop:latest@" + hex_digest('b')));
  REQUIRE(done(fixture, 1));
  REQUIRE(fixture.engine->people().rollback({"shop", ""}, "", "ann"));
  CHECK(runs(fixture, "acme/shop:latest@" + hex_digest('a')));
  REQUIRE(done(fixture, 2));
  REQUIRE(decided(fixture, fixture.push("acme/shop:latest@" + hex_digest('b'))));
  CHECK(fixture.target->image("shop") == "acme/shop:latest@" + hex_digest('a'));
}

TEST_CASE("Nothing is rolled back on a target that is observed", "[pipeline][people]") {
  EngineFixture fixture;
  fixture.options.observe = true;
  begin(fixture);
  const auto refused = fixture.engine->people().rollback({"shop", ""}, "1.4.0", "ann");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::conflict);
  CHECK(refused.error().message.find("observed") != std::string::npos);
}

TEST_CASE("An event is replayed under a new id and decided again", "[pipeline][people]") {
  EngineFixture fixture;
  begin(fixture, "acme/shop:1.4.1", "");
  const auto push = fixture.push("acme/shop:1.4.2");
  REQUIRE(decided(fixture, push));
  PeopleControl& people = fixture.engine->people();
  const auto replayed = people.replay(push->id, "ann");
  REQUIRE(replayed);
  CHECK(replayed->id != push->id);
  CHECK(fixture.audited({word("id", replayed->id.str()), word("step", "replayed"),
                         word("actor", "ann"), push->id.str()}));
  CHECK(fixture.audited({word("id", replayed->id.str()), word("step", "decided")}));
  const auto unknown = people.replay(EventId::make(fixture.clock.now()), "ann");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::not_found);
  std::vector<Event> events;
  events.push_back(pushed("acme/shop:1.4.3"));
  events.back().not_actionable = "hub may not speak of it";
  const auto recorded = fixture.accept(std::move(events));
  const auto refused = people.replay(recorded->id, "ann");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::conflict);
  CHECK(refused.error().message.find("hub may not speak of it") != std::string::npos);
}

TEST_CASE("The plan says what would change now, and why not", "[pipeline][people]") {
  EngineFixture fixture;
  fixture.options.observe = true;  // so that it stays to be done
  fixture.target->put("bare", "acme/bare:1", "");
  fixture.target->put("bad", "acme/bad:1", "semvr");
  begin(fixture);
  PeopleControl& people = fixture.engine->people();
  REQUIRE(decided(fixture, fixture.push("acme/shop:1.4.2")));
  const auto of_shop = [&] {
    const auto plan = people.plan({"shop", "prod"});
    REQUIRE(plan);
    REQUIRE(plan->containers.size() == 1);
    return plan->containers.front();
  };
  PlannedContainer planned = of_shop();
  CHECK(planned.decision == "update");
  CHECK(planned.to == "acme/shop:1.4.2");
  CHECK(planned.observed);
  REQUIRE(planned.candidates.size() == 1);
  CHECK(planned.candidates.front().wins);
  REQUIRE(people.pause({"shop", ""}, "the audit", "ann"));
  planned = of_shop();
  CHECK(planned.decision == "wait");
  CHECK(planned.reason.find("the audit") != std::string::npos);
  REQUIRE(people.hold({{"shop", ""}, "1.4.2", "", "it leaks"}, "ann"));
  planned = of_shop();
  CHECK(planned.decision == "skip");
  CHECK(planned.reason.find("it leaks") != std::string::npos);
  const auto all = people.plan({});
  REQUIRE(all);
  REQUIRE(all->containers.size() == 3);
  CHECK(all->containers[0].decision == "skip");
  CHECK(all->containers[0].reason.find("semvr") != std::string::npos);
  CHECK(all->containers[1].decision == "none");
  CHECK(fixture.target->attempts() == 0);
  fixture.target->set_unsynced();
  CHECK(people.plan({})->unsynced == std::vector<std::string>{"prod"});
}
