// SPDX-License-Identifier: Apache-2.0
//
// The pipeline with registries that it asks: what is verified, what waits, what a sweep finds.
#include <catch2/catch.hpp>

#include "tests/support/engine_fixture.h"
#include "tests/support/fake_resolver.h"

namespace longshore {
namespace {

using test::EngineFixture;
using test::eventually;
using test::FakeResolver;
using test::hex_digest;
using test::pushed;

class Pipeline : public EngineFixture {
 public:
  Pipeline() {
    resolver = &registry;
    options.sweep.every = std::chrono::seconds{0};
    options.sweep.requests_per_second = 1000;
  }
  ~Pipeline() { engine.reset(); }  // before the registry

  // As a source that says nothing of `verify` does.
  void announce(const std::string& image, const std::string& source = "hub") {
    std::vector<Event> events;
    events.push_back(pushed(image, source));
    events.back().verify = true;
    REQUIRE(accept(std::move(events)));
  }
  bool runs(const std::string& id, const std::string& image) {
    return eventually([&] { return target->image(id) == image; });
  }
  bool waits(const std::string& text) {
    return eventually([&] {
      const auto waits = engine->status().waits;
      return std::ranges::any_of(waits, [&](const Wait& wait) {
        return wait.tag && wait.reason.find(text) != std::string::npos;
      });
    });
  }

  FakeResolver registry;
};

TEST_CASE("A notification is believed when the registry says the same", "[pipeline][resolving]") {
  Pipeline pipeline;
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver");
  pipeline.target->set_synced();
  REQUIRE(pipeline.start());
  pipeline.registry.answer("r.example.com/app:1.0.1", hex_digest('a'));
  pipeline.announce("r.example.com/app:1.0.1@" + hex_digest('a'));
  CHECK(pipeline.runs("web", "r.example.com/app:1.0.1"));
  CHECK(pipeline.audited({"\"decision\":\"wait\"", "is asked which image 1.0.1 names"}));
  CHECK(eventually([&] { return pipeline.engine->status().waits.empty(); }));
  const auto history = pipeline.engine->history(*Repository::parse("r.example.com/app"), 10);
  REQUIRE(history);
  CHECK(history->front().verified);
}

TEST_CASE("What the registry does not have is not deployed", "[pipeline][resolving][.slow]") {
  Pipeline pipeline;
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver");
  pipeline.target->set_synced();
  REQUIRE(pipeline.start());
  pipeline.registry.answer("r.example.com/app:1.0.1", hex_digest('a'));
  pipeline.announce("r.example.com/app:1.0.1");
  pipeline.announce("r.example.com/app:6.6.6");
  CHECK(pipeline.audited({"\"step\":\"resolved\"", "the registry has no such tag"}));
  CHECK(pipeline.runs("web", "r.example.com/app:1.0.1"));
  CHECK(pipeline.target->applied() == 1);
}

TEST_CASE("Where one registry hangs the others go on, and nothing is lost over a restart",
          "[pipeline][resolving]") {
  Pipeline pipeline;
  for (const std::string host : {"hung", "down", "good"}) {
    for (int i = 0; i < 8; ++i) {
      const std::string name = host + std::to_string(i);
      pipeline.target->put(name, host + ".example.com/" + name + ":1.0.0", "semver");
      pipeline.registry.answer(host + ".example.com/" + name + ":1.0.1", hex_digest('a'));
    }
  }
  pipeline.target->set_synced();
  pipeline.registry.hang("hung.example.com");
  pipeline.registry.fail("down.example.com", Error{Errc::unavailable, "down: refused"});
  REQUIRE(pipeline.start());
  for (int i = 0; i < 8; ++i) {
    for (const std::string host : {"hung", "down", "good"}) {
      pipeline.announce(host + ".example.com/" + host + std::to_string(i) + ":1.0.1");
    }
  }
  for (int i = 0; i < 8; ++i) {
    const std::string name = "good" + std::to_string(i);
    CHECK(pipeline.runs(name, "good.example.com/" + name + ":1.0.1"));
  }
  CHECK(pipeline.waits("down: refused"));
  CHECK(pipeline.waits("hung.example.com is asked"));
  CHECK(pipeline.target->applied() == 8);
  CHECK(pipeline.count_audit({"\"step\":\"registry\"", "down: refused"}) >= 1);

  pipeline.engine.reset();
  FakeResolver later;
  pipeline.resolver = &later;
  for (const std::string host : {"hung", "down"}) {
    for (int i = 0; i < 8; ++i) {
      later.answer(host + ".example.com/" + host + std::to_string(i) + ":1.0.1", hex_digest('a'));
    }
  }
  REQUIRE(pipeline.start());
  for (const std::string host : {"hung", "down"}) {
    for (int i = 0; i < 8; ++i) {
      const std::string name = host + std::to_string(i);
      CHECK(pipeline.runs(name, host + ".example.com/" + name + ":1.0.1"));
    }
  }
  CHECK(eventually([&] { return pipeline.engine->status().waits.empty(); }));
  pipeline.engine.reset();
}

TEST_CASE("A target that is synced may know the login that was missing", "[pipeline][resolving]") {
  Pipeline pipeline;
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver");
  pipeline.target->set_synced();
  pipeline.registry.answer("r.example.com/app:1.0.1",
                           Error{Errc::unauthorized, "r.example.com wants a password"});
  pipeline.registry.answer("r.example.com/app:1.0.1", hex_digest('a'));
  REQUIRE(pipeline.start());
  pipeline.announce("r.example.com/app:1.0.1@" + hex_digest('a'));
  REQUIRE(pipeline.waits("wants a password"));
  pipeline.target->set_synced();
  CHECK(eventually([&] { return pipeline.target->image("web") == "r.example.com/app:1.0.1"; },
                   std::chrono::seconds{20}));
}

TEST_CASE("A wait for the registry belongs to its tag", "[pipeline][resolving]") {
  Pipeline pipeline;
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver:~1.0");
  pipeline.target->put("next", "r.example.com/app:2.0.0", "semver:~2.0");
  pipeline.target->set_synced();
  REQUIRE(pipeline.start());
  pipeline.registry.answer("r.example.com/app:1.0.1",
                           Error{Errc::unauthorized, "r.example.com refuses us"});
  pipeline.registry.answer("r.example.com/app:2.0.1", hex_digest('b'));
  pipeline.announce("r.example.com/app:1.0.1");
  CHECK(pipeline.waits("refuses us"));
  pipeline.announce("r.example.com/app:2.0.1");
  CHECK(pipeline.runs("next", "r.example.com/app:2.0.1"));
  CHECK(pipeline.target->image("web") == "r.example.com/app:1.0.0");
}

TEST_CASE("An event that changes nothing names the one that waits", "[pipeline][resolving]") {
  Pipeline pipeline;
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver:~1.0");
  pipeline.target->set_synced();
  REQUIRE(pipeline.start());
  pipeline.registry.hang("r.example.com");
  std::vector<Event> events = {pushed("r.example.com/app:1.0.1"),
                               pushed("r.example.com/app:2.0.0")};
  for (Event& event : events)
    event.verify = true;
  const std::string waiting = events.front().id.str();
  REQUIRE(pipeline.accept(std::move(events)));
  CHECK(pipeline.audited({"\"decision\":\"wait\"", waiting}));
  CHECK(pipeline.audited({"\"decision\":\"superseded\"", "with event " + waiting}));
}

TEST_CASE("Ten thousand waiting events of one repository are decided once", "[pipeline][burst]") {
  Pipeline pipeline;
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver");
  pipeline.target->set_synced();
  pipeline.options.lane_workers = 0;
  REQUIRE(pipeline.start());
  constexpr int kEvents = 10'000;
  std::vector<Event> events;
  for (int i = 1; i <= kEvents; ++i) {
    events.push_back(pushed("r.example.com/app:1.0." + std::to_string(i)));
    if (events.size() == 1'000) REQUIRE(pipeline.accept(std::exchange(events, {})));
  }
  CHECK(pipeline.engine->status().backlog == kEvents);
  pipeline.engine.reset();
  FakeResolver later;
  pipeline.resolver = &later;
  pipeline.options.lane_workers = 2;
  REQUIRE(pipeline.start());
  CHECK(pipeline.runs("web", "r.example.com/app:1.0.10000"));
  pipeline.engine.reset();
  CHECK(pipeline.count_audit({"\"step\":\"received\""}) == kEvents);
  CHECK(pipeline.count_audit({"\"decision\":\"update\""}) == 1);
  CHECK(pipeline.count_audit({"\"decision\":\"superseded\""}) == kEvents - 1);
  CHECK(pipeline.target->applied() == 1);
}

TEST_CASE("A tag waits for its age and is decided again by itself", "[pipeline][min_age]") {
  Pipeline pipeline;
  pipeline.options.policies = {{"*",
                                {.policy = SemverPolicy{},
                                 .pin = Pin::automatic,
                                 .prerelease = false,
                                 .min_age = std::chrono::seconds{2}},
                                std::nullopt}};
  pipeline.target->put("web", "r.example.com/app:1.0.0", "");
  pipeline.target->set_synced();
  REQUIRE(pipeline.start());
  REQUIRE(pipeline.push("r.example.com/app:1.0.1"));
  CHECK(pipeline.audited({"\"decision\":\"wait\"", "min-age is 2 s"}));
  CHECK(pipeline.runs("web", "r.example.com/app:1.0.1"));
  CHECK(eventually([&] { return pipeline.engine->status().waits.empty(); }));
}

TEST_CASE("What no notification told is found at the start", "[pipeline][sweep]") {
  Pipeline pipeline;
  pipeline.options.sweep.every = std::chrono::hours{1};
  pipeline.options.sweep.announced = {"r.example.com/*"};
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver");
  pipeline.target->put("side", "other.example.com/side:latest", "digest");
  pipeline.target->set_synced();
  pipeline.registry.list("r.example.com/app", {{"0.9.0", "1.0.0"}, {"1.0.1", "latest"}});
  pipeline.registry.answer("r.example.com/app:1.0.1", hex_digest('a'));
  pipeline.registry.answer("other.example.com/side:latest", hex_digest('b'));
  REQUIRE(pipeline.start());
  CHECK(pipeline.runs("web", "r.example.com/app:1.0.1"));
  CHECK(pipeline.runs("side", "other.example.com/side:latest@" + hex_digest('b')));
  CHECK(pipeline.audited({"\"step\":\"received\"", "\"source\":\"sweep\"", "app:1.0.1", "listed"}));
  CHECK(eventually([&] { return pipeline.engine->status().sweep.done == 2; }));
  CHECK(pipeline.registry.asked("other.example.com/side") == 0);  // HEAD was enough
  // The first list may show what is years old: nobody missed that.
  CHECK(pipeline.count_audit({"\"step\":\"missed\""}) == 0);

  // Away, two pushes, nobody sends them again.
  pipeline.engine.reset();
  FakeResolver later;
  pipeline.resolver = &later;
  later.list("r.example.com/app", {{"0.9.0", "1.0.0"}, {"1.0.1", "1.0.2", "latest"}});
  later.answer("r.example.com/app:1.0.2", hex_digest('c'));
  later.answer("other.example.com/side:latest", hex_digest('d'));
  REQUIRE(pipeline.start());
  CHECK(pipeline.runs("web", "r.example.com/app:1.0.2"));
  CHECK(pipeline.runs("side", "other.example.com/side:latest@" + hex_digest('d')));
  CHECK(pipeline.audited({"\"step\":\"missed\"", "r.example.com/app:1.0.2"}));
  CHECK(pipeline.count_audit({"\"step\":\"missed\"", "side"}) == 0);
  pipeline.engine.reset();
}

TEST_CASE("The first list makes nothing the newest, a later one what is new in it",
          "[pipeline][sweep]") {
  Pipeline pipeline;
  pipeline.options.sweep.every = std::chrono::seconds{1};
  pipeline.target->put("web", "r.example.com/app:main-1", "newest:main-.*");
  pipeline.target->set_synced();
  pipeline.registry.list("r.example.com/app", {{"main-1", "main-9"}});
  pipeline.registry.answer("r.example.com/app:main-9", hex_digest('9'));
  pipeline.registry.answer("r.example.com/app:main-2", hex_digest('2'));
  REQUIRE(pipeline.start());
  REQUIRE(eventually([&] { return pipeline.engine->status().sweep.done >= 2; }));
  CHECK(pipeline.target->applied() == 0);
  pipeline.registry.list("r.example.com/app", {{"main-1", "main-2", "main-9"}});
  CHECK(pipeline.runs("web", "r.example.com/app:main-2"));
}

TEST_CASE("A policy that changes after the push is asked for at once", "[pipeline][sweep]") {
  Pipeline pipeline;
  pipeline.options.sweep.every = std::chrono::hours{1};
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver:~1.0");
  pipeline.target->set_synced();
  pipeline.registry.list("r.example.com/app", {{"1.0.0", "1.5.0", "2.0.0"}});
  pipeline.registry.answer("r.example.com/app:1.5.0", hex_digest('a'));
  REQUIRE(pipeline.start());
  REQUIRE(eventually([&] { return pipeline.engine->status().sweep.done == 1; }));
  CHECK(pipeline.target->applied() == 0);
  pipeline.target->put("web", "r.example.com/app:1.0.0", "semver:^1");
  CHECK(pipeline.runs("web", "r.example.com/app:1.5.0"));
}

TEST_CASE("A sweep that fails says so and does not stop the others", "[pipeline][sweep]") {
  Pipeline pipeline;
  pipeline.options.sweep.every = std::chrono::hours{1};
  pipeline.target->put("web", "down.example.com/app:1.0.0", "semver");
  pipeline.target->put("good", "good.example.com/app:1.0.0", "semver");
  pipeline.target->set_synced();
  pipeline.registry.fail("down.example.com", Error{Errc::unavailable, "down: refused"});
  pipeline.registry.list("good.example.com/app", {{"1.0.1"}});
  pipeline.registry.answer("good.example.com/app:1.0.1", hex_digest('a'));
  REQUIRE(pipeline.start());
  CHECK(pipeline.runs("good", "good.example.com/app:1.0.1"));
  CHECK(pipeline.audited({"\"step\":\"sweep\"", "down.example.com/app", "down: refused"}));
  REQUIRE(eventually([&] { return pipeline.engine->status().sweep.failing.size() == 1; }));
  CHECK(pipeline.engine->status().sweep.failing.front().reason == "down: refused");
}

}  // namespace
}  // namespace longshore
