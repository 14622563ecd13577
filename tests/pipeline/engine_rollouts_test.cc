// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/support/engine_fixture.h"
#include "tests/support/fake_resolver.h"

using namespace longshore;
using longshore::test::EngineFixture;
using longshore::test::eventually;
using longshore::test::FakeResolver;
using longshore::test::FakeTarget;
using longshore::test::hex_digest;
using Phase = RolloutSight::Phase;

namespace {

const std::string kOld = hex_digest('a');
const std::string kNew = hex_digest('b');
const std::string kNext = hex_digest('c');

RolloutSight failed(const std::string& why) {
  return {.phase = Phase::failed, .detail = why};
}

RolloutSight completed() {
  return {.phase = Phase::completed, .detail = "1 of 1 pods are ready"};
}

// A target with rollouts that runs acme/shop:1.0.0, of which the history knows the digest.
struct Rolling : EngineFixture {
  Rolling() {
    resolver = &registry;
    target = std::make_shared<FakeTarget>("prod", FakeTarget::Rollouts::watched);
    target->put("shop", "acme/shop:1.0.0", "semver");
    target->roll_out("acme/shop:1.0.0", completed());
    registry.answer("docker.io/acme/shop:1.0.0", kOld);
    options.sweep.every = std::chrono::seconds{0};
  }
  ~Rolling() { engine.reset(); }  // before the registry
  Status begin() {
    if (auto status = start(); !status) return status;
    const auto accepted = push("acme/shop:1.0.0@" + kOld);
    if (!accepted) return accepted.error();
    return audited({"decided", "acme/shop:1.0.0"}) ? Status(Done{}) : Error{Errc::io, "undecided"};
  }
  bool runs(const std::string& image) {
    return eventually([&] { return target->image("shop") == image; });
  }
  bool ended(const std::string& outcome, const std::string& image) {
    return audited({"\"step\":\"rollout\"", "\"outcome\":\"" + outcome + "\"", image});
  }
  std::vector<Hold> holds() { return engine->status().holds; }
  Progress::State progress(const std::string& of) {
    const auto progress = engine->people().progress_of(of);
    return progress ? progress->state : Progress::State::unknown;
  }

  FakeResolver registry;
};

}  // namespace

TEST_CASE("A rollout is watched until it is complete", "[pipeline][rollout]") {
  Rolling fixture;
  REQUIRE(fixture.begin());
  CHECK(fixture.progress("acme/shop:1.0.1") == Progress::State::unknown);
  const auto accepted = fixture.push("acme/shop:1.0.1@" + kNew);
  REQUIRE(accepted);
  REQUIRE(fixture.runs("acme/shop:1.0.1"));
  REQUIRE(eventually([&] {
    const auto rollouts = fixture.engine->status().rollouts;
    return rollouts.size() == 1 && rollouts.front().progress == "0 of 1 pods are ready";
  }));
  CHECK(fixture.progress("acme/shop:1.0.1") == Progress::State::pending);
  fixture.target->roll_out("acme/shop:1.0.1", completed());
  CHECK(fixture.ended("completed", "acme/shop:1.0.1"));
  CHECK(fixture.engine->status().rollouts.empty());
  CHECK(fixture.progress("acme/shop:1.0.1") == Progress::State::completed);
  CHECK(fixture.progress("acme/shop@" + kNew) == Progress::State::completed);
  CHECK(fixture.holds().empty());
}

TEST_CASE("A rollout that fails is undone, and its digest is held", "[pipeline][rollout]") {
  Rolling fixture;
  fixture.target->roll_out("acme/shop:1.0.1", failed("web-1 crashes"));
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.ended("rolled back", "web-1 crashes"));
  REQUIRE(fixture.runs("acme/shop:1.0.0"));
  REQUIRE(fixture.ended("completed", "acme/shop:1.0.0"));
  REQUIRE(fixture.holds().size() == 1);
  CHECK(fixture.holds().front().digest->str() == kNew);
  CHECK(fixture.holds().front().reason == "its rollout failed: web-1 crashes");
  CHECK(fixture.progress("acme/shop:1.0.1") == Progress::State::failed);

  // Pushed again it is not tried again; the next one is.
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.audited({"\"decision\":\"skip\"", "web-1 crashes"}));
  CHECK(fixture.target->image("shop") == "acme/shop:1.0.0");
  fixture.target->roll_out("acme/shop:1.0.2", completed());
  REQUIRE(fixture.push("acme/shop:1.0.2@" + kNext));
  CHECK(fixture.runs("acme/shop:1.0.2"));
  CHECK(fixture.ended("completed", "acme/shop:1.0.2"));
}

TEST_CASE("What cannot be undone is said before it fails", "[pipeline][rollout]") {
  Rolling fixture;
  REQUIRE(fixture.begin());
  fixture.registry.drop(kOld);
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(eventually([&] {
    const auto rollouts = fixture.engine->status().rollouts;
    return rollouts.size() == 1 &&
           rollouts.front().progress ==
               "0 of 1 pods are ready; it cannot be undone: the registry no longer has "
               "acme/shop:1.0.0@" +
                   kOld;
  }));
  CHECK(fixture.registry.asked("docker.io/acme/shop@" + kOld) == 1);
}

TEST_CASE("A registry that is silent holds up no look", "[pipeline][rollout]") {
  Rolling fixture;
  REQUIRE(fixture.begin());
  fixture.registry.fail("docker.io", Error{Errc::unavailable, "refused"});
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  const auto at_first = [&] {
    const auto rollouts = fixture.engine->status().rollouts;
    return rollouts.size() == 1 && rollouts.front().progress == "0 of 1 pods are ready";
  };
  REQUIRE(eventually(at_first));
  fixture.target->roll_out("acme/shop:1.0.1", {.detail = "half of them"});
  REQUIRE(eventually(
      [&] { return fixture.engine->status().rollouts.front().progress == "half of them"; }));
  fixture.target->roll_out("acme/shop:1.0.1", completed());
  CHECK(fixture.ended("completed", "acme/shop:1.0.1"));
  CHECK(fixture.registry.asked("docker.io/acme/shop@" + kOld) == 1);
}

TEST_CASE("Two failures in a row end at what was healthy", "[pipeline][rollout]") {
  Rolling fixture;
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.runs("acme/shop:1.0.1"));
  fixture.target->roll_out("acme/shop:1.0.2", failed("crashes"));
  REQUIRE(fixture.push("acme/shop:1.0.2@" + kNext));
  REQUIRE(fixture.ended("rolled back", "acme/shop:1.0.2"));
  fixture.target->roll_out("acme/shop:1.0.1", failed("crashes as well"));
  REQUIRE(fixture.ended("rolled back", "acme/shop:1.0.1"));
  CHECK(eventually([&] {
    return fixture.target->image("shop") == "acme/shop:1.0.0" && fixture.holds().size() == 2 &&
           fixture.engine->status().backlog == 0 &&
           fixture.count_audit({"\"outcome\":\"completed\"", "acme/shop:1.0.0"}) >= 1;
  }));
}

TEST_CASE("Without a known digest a failure is reported and held, and left as it is",
          "[pipeline][rollout]") {
  Rolling fixture;
  fixture.target->roll_out("acme/shop:1.0.1", failed("crashes"));
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.ended("failed", "it is not known which image web ran before"));
  CHECK(fixture.target->image("shop") == "acme/shop:1.0.1");
  CHECK(fixture.holds().size() == 1);
  CHECK(fixture.progress("acme/shop:1.0.1") == Progress::State::failed);
}

TEST_CASE("What the instances say they run is the way back", "[pipeline][rollout]") {
  Rolling fixture;
  fixture.target->put("shop", "acme/shop:latest", "digest");
  fixture.target->run("web", kOld);
  const std::string moved = "acme/shop:latest@" + kNew;
  fixture.target->roll_out(moved, failed("crashes"));
  fixture.target->roll_out("acme/shop:latest@" + kOld, completed());
  REQUIRE(fixture.start());
  REQUIRE(fixture.push(moved));
  REQUIRE(fixture.ended("rolled back", moved));
  CHECK(fixture.runs("acme/shop:latest@" + kOld));
  CHECK(fixture.ended("completed", "acme/shop:latest@" + kOld));
}

TEST_CASE("While what ran before fails as well, nothing is undone", "[pipeline][rollout]") {
  Rolling fixture;
  RolloutSight sick = failed("web-1 crashes");
  sick.others_fail = true;
  fixture.target->roll_out("acme/shop:1.0.1", sick);
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(eventually([&] {
    const auto rollouts = fixture.engine->status().rollouts;
    return rollouts.size() == 1 &&
           rollouts.front().progress.find("fails as well") != std::string::npos;
  }));
  CHECK(fixture.target->image("shop") == "acme/shop:1.0.1");
  CHECK(fixture.holds().empty());
  // The others are well first: what is late is not what is wrong.
  fixture.target->roll_out("acme/shop:1.0.1", failed("web-1 waits to be started again"));
  REQUIRE(eventually([&] {
    const auto rollouts = fixture.engine->status().rollouts;
    return rollouts.size() == 1 &&
           rollouts.front().progress.find("is given time") != std::string::npos;
  }));
  fixture.target->roll_out("acme/shop:1.0.1", completed());
  CHECK(fixture.ended("completed", "acme/shop:1.0.1"));
  CHECK(fixture.holds().empty());
}

TEST_CASE("A pause holds the way back off as well", "[pipeline][rollout]") {
  Rolling fixture;
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.runs("acme/shop:1.0.1"));
  REQUIRE(fixture.engine->people().pause({}, "the audit", "ann"));
  fixture.target->roll_out("acme/shop:1.0.1", failed("crashes"));
  REQUIRE(eventually([&] {
    const auto rollouts = fixture.engine->status().rollouts;
    return rollouts.size() == 1 && rollouts.front().progress.find("ann") != std::string::npos;
  }));
  CHECK(fixture.target->image("shop") == "acme/shop:1.0.1");
  REQUIRE(fixture.engine->people().resume({}, "ann"));
  fixture.target->roll_out("acme/shop:1.0.1", failed("crashes"));
  CHECK(fixture.runs("acme/shop:1.0.0"));
}

TEST_CASE("A policy may say that a failure is not undone", "[pipeline][rollout]") {
  Rolling fixture;
  fixture.options.policies.push_back(
      {"docker.io/acme/*", {.policy = *parse_policy("semver"), .rollback = false}});
  fixture.target->put("shop", "acme/shop:1.0.0", "");
  fixture.target->roll_out("acme/shop:1.0.1", failed("crashes"));
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.ended("failed", "rollback: false"));
  CHECK(fixture.target->image("shop") == "acme/shop:1.0.1");
}

TEST_CASE("A way back that fails is reported and not undone", "[pipeline][rollout]") {
  Rolling fixture;
  fixture.target->roll_out("acme/shop:1.0.0", failed("crashes now"));
  fixture.target->roll_out("acme/shop:1.0.1", failed("crashes"));
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.ended("failed", "it was the way back itself"));
  CHECK(fixture.target->image("shop") == "acme/shop:1.0.0");
  CHECK(fixture.holds().size() == 2);
}

TEST_CASE("A watch goes on after a restart", "[pipeline][rollout]") {
  Rolling fixture;
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.runs("acme/shop:1.0.1"));
  REQUIRE(eventually([&] { return fixture.engine->status().rollouts.size() == 1; }));
  fixture.engine.reset();
  FakeResolver later;  // the first one has been stopped
  later.answer("docker.io/acme/shop:1.0.0", kOld);
  fixture.resolver = &later;
  fixture.target->roll_out("acme/shop:1.0.1", failed("crashes"));
  REQUIRE(fixture.start());
  CHECK(fixture.ended("rolled back", "acme/shop:1.0.1"));
  CHECK(fixture.runs("acme/shop:1.0.0"));
  fixture.engine.reset();
}

TEST_CASE("What somebody else sets ends a watch", "[pipeline][rollout]") {
  Rolling fixture;
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.runs("acme/shop:1.0.1"));
  REQUIRE(eventually([&] { return fixture.engine->status().rollouts.size() == 1; }));
  fixture.target->put("shop", "acme/shop:0.9.0", "semver");
  fixture.target->roll_out("acme/shop:0.9.0", completed());
  CHECK(fixture.ended("superseded", "acme/shop:1.0.1"));
  CHECK(fixture.audited({"\"step\":\"overruled\"", "acme/shop:0.9.0"}));
}

TEST_CASE("A registry that cannot be asked is asked again before anything is undone",
          "[pipeline][rollout]") {
  Rolling fixture;
  fixture.target->roll_out("acme/shop:1.0.1", failed("crashes"));
  fixture.registry.fail("docker.io", Error{Errc::unavailable, "refused"});
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(eventually([&] {
    const auto rollouts = fixture.engine->status().rollouts;
    return rollouts.size() == 1 && rollouts.front().progress.find("refused") != std::string::npos;
  }));
  fixture.registry.mend("docker.io");
  CHECK(fixture.runs("acme/shop:1.0.0"));
}

TEST_CASE("An image without a node's platform is never written, and is held",
          "[pipeline][rollout]") {
  Rolling fixture;
  fixture.target->may_run_on("linux/amd64");
  fixture.target->may_run_on("linux/arm64");
  for (const std::string& digest : {kNew, kNext})
    fixture.registry.make_for(digest, "linux/amd64");
  fixture.registry.make_for(kNext, "linux/arm64");
  REQUIRE(fixture.begin());
  REQUIRE(fixture.push("acme/shop:1.0.1@" + kNew));
  REQUIRE(fixture.audited({"\"outcome\":\"rejected\"", "no image for linux/arm64"}));
  CHECK(eventually([&] { return fixture.holds().size() == 1; }));
  CHECK(fixture.target->applied() == 0);
  CHECK(fixture.progress("acme/shop:1.0.1") == Progress::State::failed);
  REQUIRE(fixture.push("acme/shop:1.0.2@" + kNext));
  CHECK(fixture.runs("acme/shop:1.0.2"));
}
