// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outbox.h"

#include <catch2/catch.hpp>

#include "tests/support/engine_fixture.h"

using namespace longshore;
using longshore::test::EngineFixture;
using longshore::test::eventually;

namespace {

struct OneWorkload : EngineFixture {
  OneWorkload() { target->put("shop", "acme/shop:1.4.1", "semver:~1.4"); }
  bool runs(const std::string& tag) {
    return eventually([&] { return target->image("shop") == "acme/shop:" + tag; });
  }
  std::uint64_t actions(const std::string& state) { return engine->status().actions[state]; }
};

}  // namespace

TEST_CASE("An attempt that fails for now is made again until it succeeds", "[pipeline][outbox]") {
  OneWorkload fixture;
  for (int i = 0; i < 5; ++i)
    fixture.target->script({Outcome::retry, "connection refused", {}});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  CHECK(fixture.runs("1.4.2"));
  CHECK(fixture.target->attempts() == 6);
  CHECK(fixture.audited({"\"step\":\"attempted\"", "connection refused"}));
}

TEST_CASE("What is under way is not decided once more when its repository changes",
          "[pipeline][outbox]") {
  constexpr std::size_t kWorkloads = 20;
  EngineFixture fixture;
  const auto name = [](std::size_t number) { return "shop-" + std::to_string(number); };
  for (std::size_t i = 0; i < kWorkloads; ++i)
    fixture.target->put(name(i), "acme/shop:1.4.1", "semver:~1.4");
  REQUIRE(fixture.start());
  fixture.target->cork();
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  const std::string update = "\"decision\":\"update\"";
  REQUIRE(eventually([&] { return fixture.count_audit({update}) == kWorkloads; }));
  // Each that is deployed late calls for a decision about all.
  constexpr std::size_t kLate = 5;
  for (std::size_t i = kWorkloads; i < kWorkloads + kLate; ++i) {
    fixture.target->put(name(i), "acme/shop:1.4.0", "semver:~1.4");
    REQUIRE(fixture.audited({update, name(i)}));
  }
  fixture.target->uncork();
  for (std::size_t i = 0; i < kWorkloads + kLate; ++i)
    CHECK(eventually([&] { return fixture.target->image(name(i)) == "acme/shop:1.4.2"; }));
  fixture.engine.reset();
  CHECK(fixture.count_audit({update}) == kWorkloads + kLate);
  CHECK(fixture.target->applied() == kWorkloads + kLate);
}

TEST_CASE("A rejected action is dead until a person revives it", "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->script({Outcome::rejected, "no scalar to write into", {}});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.actions("dead") == 1; }));
  const auto dead = fixture.engine->actions(ActionState::dead, 10);
  REQUIRE(dead);
  REQUIRE(dead->size() == 1);
  CHECK(dead->front().error == "no scalar to write into");
  REQUIRE(fixture.engine->retry_action(dead->front().id, "anna"));
  CHECK(fixture.runs("1.4.2"));
  CHECK(fixture.audited({"\"step\":\"retried\"", "anna"}));
  const auto again = fixture.engine->retry_action(dead->front().id, "anna");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Errc::conflict);
  CHECK(fixture.engine->retry_action(ActionId::make({}), "anna").error().code == Errc::not_found);
}

TEST_CASE("A missing right parks all actions that it may be missing for until it is there",
          "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->put("blog", "acme/blog:1.0", "semver");
  fixture.options.parked_retry = std::chrono::milliseconds(300);
  fixture.target->script({Outcome::forbidden, "may not write", {}});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.actions("parked") == 1; }));
  REQUIRE(fixture.push("acme/blog:1.1"));
  CHECK(fixture.runs("1.4.2"));
  CHECK(eventually([&] { return fixture.target->image("blog") == "acme/blog:1.1"; }));
  CHECK(eventually([&] { return fixture.actions("parked") == 0; }));
}

TEST_CASE("A missing right parks what it may be missing for and nothing else",
          "[pipeline][outbox]") {
  EngineFixture fixture;
  fixture.target->put("shut/web", "acme/shop:1.0", "semver");
  fixture.target->put("shut/api", "acme/blog:1.0", "semver");
  fixture.target->put("open/web", "acme/blog:1.0", "semver");
  fixture.options.parked_retry = std::chrono::hours(1);
  fixture.target->script({Outcome::forbidden, "may not write", {}});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.1"));
  REQUIRE(eventually([&] { return fixture.engine->status().actions["parked"] == 1; }));
  const auto shut = fixture.engine->actions(ActionState::parked, 10);
  REQUIRE(shut);
  REQUIRE(fixture.push("acme/blog:1.1"));
  CHECK(eventually([&] { return fixture.target->image("open/web") == "acme/blog:1.1"; }));
  CHECK(eventually([&] { return fixture.engine->status().actions["parked"] == 2; }));
  CHECK(fixture.target->image("shut/api") == "acme/blog:1.0");
  CHECK(fixture.target->attempts() == 2);

  REQUIRE(fixture.engine->retry_action(shut->front().id, "anna"));
  CHECK(eventually([&] { return fixture.target->image("shut/web") == "acme/shop:1.1"; }));
  CHECK(eventually([&] { return fixture.target->image("shut/api") == "acme/blog:1.1"; }));
}

TEST_CASE("A conflict is decided again and is no retry", "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->script({Outcome::conflict, "somebody wrote", {}});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  CHECK(fixture.runs("1.4.2"));
  CHECK(eventually([&] { return fixture.actions("done") == 1; }));
  CHECK(fixture.actions("conflicted") == 1);
}

TEST_CASE("To wait for a target supersedes what is not sent to it yet", "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->script({Outcome::retry, "away", std::chrono::hours(1)});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.actions("waiting for retry") == 1; }));
  fixture.target->set_unsynced();
  REQUIRE(fixture.push("acme/shop:1.4.3"));
  CHECK(eventually([&] { return fixture.actions("superseded") == 1; }));
  fixture.target->set_synced();
  CHECK(fixture.runs("1.4.3"));
  CHECK(fixture.target->writes() == std::vector<std::string>{"acme/shop:1.4.3"});
}

TEST_CASE("What was open at the start is attempted once the inventory is complete",
          "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->cork();
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.actions("in flight") == 1; }));
  fixture.engine.reset();
  fixture.target->uncork();
  fixture.target->set_unsynced();
  const int attempts = fixture.target->attempts();
  const std::size_t lines = fixture.count_audit({"\"step\":\"attempted\""});
  REQUIRE(fixture.start());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(fixture.target->attempts() == attempts);
  fixture.target->set_synced();
  CHECK(fixture.runs("1.4.2"));
  CHECK(fixture.target->attempts() == attempts + 1);
  CHECK(fixture.count_audit({"\"step\":\"attempted\""}) == lines);
}

TEST_CASE("A newer decision supersedes what is not sent yet", "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->script({Outcome::retry, "away", std::chrono::hours(1)});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.actions("waiting for retry") == 1; }));
  REQUIRE(fixture.push("acme/shop:1.4.3"));
  CHECK(fixture.runs("1.4.3"));
  CHECK(fixture.target->applied() == 1);
  CHECK(fixture.actions("superseded") == 1);
}

TEST_CASE("A change that was made without an answer is not superseded", "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->script({Outcome::retry, "no answer", std::chrono::hours(1)});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.actions("waiting for retry") == 1; }));
  fixture.target->put("shop", "acme/shop:1.4.2", "semver:~1.4");
  REQUIRE(fixture.push("acme/shop:1.4.0"));
  REQUIRE(eventually([&] { return fixture.engine->status().backlog == 0; }));
  CHECK(fixture.actions("superseded") == 0);
  const auto waiting = fixture.engine->actions(ActionState::waiting, 10);
  REQUIRE((waiting && waiting->size() == 1));
  REQUIRE(fixture.engine->retry_action(waiting->front().id, "anna"));
  CHECK(eventually([&] { return fixture.actions("done") == 1; }));
}

TEST_CASE("Deciding the same again does not start a waiting action over", "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->script({Outcome::retry, "away", std::chrono::hours(1)});
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.actions("waiting for retry") == 1; }));
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.engine->status().backlog == 0; }));
  CHECK(fixture.actions("waiting for retry") == 1);
  CHECK(fixture.actions("superseded") == 0);
  CHECK(fixture.target->attempts() == 1);
}

TEST_CASE("What was in flight when the process ended is tried again", "[pipeline][outbox]") {
  OneWorkload fixture;
  fixture.target->cork();
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.2"));
  REQUIRE(eventually([&] { return fixture.target->attempts() == 1; }));
  fixture.engine->stop();
  CHECK(fixture.target->image("shop") == "acme/shop:1.4.1");
  REQUIRE(fixture.restart());
  CHECK(fixture.runs("1.4.2"));
  CHECK(fixture.target->applied() == 1);
}

TEST_CASE("Backoff doubles, stays below its bound and is spread", "[pipeline][outbox]") {
  using std::chrono::milliseconds;
  CHECK(backoff(1, milliseconds(100), milliseconds(1000), 0.5) == milliseconds(50));
  CHECK(backoff(2, milliseconds(100), milliseconds(1000), 0.5) == milliseconds(100));
  CHECK(backoff(9, milliseconds(100), milliseconds(1000), 0.5) == milliseconds(500));
  CHECK(backoff(1000, milliseconds(100), milliseconds(1000), 0.999) < milliseconds(1000));
  CHECK(backoff(3, milliseconds(100), milliseconds(1000), 0.0) == milliseconds(0));
}
