// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/judge.h"

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/kube_support.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Phase = RolloutSight::Phase;

namespace {

const Digest kOld = *Digest::parse("sha256:" + std::string(64, '1'));

Rollout rollout() {
  Rollout one{.id = *Ulid::parse("01KJM7Z9G0ACT10N0000000001"),
              .target = "prod",
              .workload = "Deployment shop/web",
              .repository = image("r.example/web").repository(),
              .event = *Ulid::parse("01KJM7Z9G0EVENT00000000001"),
              .parts = {{.container = "web",
                         .to = image("r.example/web:1.1"),
                         .digest = {},
                         .back = image("r.example/web:1.0"),
                         .back_digest = kOld}},
              .mark = "2",
              .ended = {},
              .progress = {},
              .reason = {}};
  one.started = kNoon;
  return one;
}

KubeObject web() {
  return object_with({{.name = "web", .image = "r.example/web:1.1"}});
}

// One of three pods is new.
KubeObject moving() {
  KubeObject object = web();
  object.progress.updated = 1;
  object.progress.current = 4;
  return object;
}

KubePod pod(const std::string& name, const std::string& image_text) {
  KubePod one;
  one.name = name;
  one.created = one.started = kNoon;
  one.containers = {{.name = "web",
                     .image = image_text,
                     .waiting = {},
                     .message = {},
                     .ended = {},
                     .image_id = {}}};
  return one;
}

KubePod old_pod() {
  KubePod one = pod("web-old-1", "r.example/web:1.0");
  one.created = one.started = kNoon - 1h;
  one.ready = true;
  one.containers[0].image_id = "r.example/web@" + kOld.str();
  return one;
}

KubePod new_pod(const std::string& waiting, std::int64_t restarts = 0) {
  KubePod one = pod("web-new-1", "r.example/web:1.1");
  one.containers[0].waiting = waiting;
  one.containers[0].restarts = restarts;
  if (restarts > 0) one.containers[0].ended = "Error, exit code 1";
  return one;
}

RolloutSight judged(const KubeObject& object, std::chrono::seconds age,
                    const KubePods* pods = nullptr) {
  return judge(object, pods, rollout(), RolloutLimits{}, kNoon + age);
}

KubeObject stateful_set() {
  KubeObject object = web();
  object.kind = KubeKind::stateful_set;
  object.progress.ordered = true;
  object.progress.update_revision = object.progress.current_revision = "web-2";
  return object;
}

}  // namespace

TEST_CASE("A Deployment is complete when all pods are new and available", "[sinks][kubernetes]") {
  CHECK(judged(web(), 1s).phase == Phase::completed);
  const auto progressing = [](const auto& change) {
    KubeObject object = web();
    change(object.progress);
    return judged(object, 1s).phase == Phase::progressing;
  };
  CHECK(progressing([](KubeProgress& p) { p.observed_generation = 1; }));
  CHECK(progressing([](KubeProgress& p) { p.updated = 2; }));
  CHECK(progressing([](KubeProgress& p) { p.current = 4; }));
  CHECK(progressing([](KubeProgress& p) { p.available = 2; }));
  KubeObject none = web();
  none.progress.desired = none.progress.updated = none.progress.current = 0;
  none.progress.available = none.progress.ready = 0;
  CHECK(judged(none, 1s).phase == Phase::completed);
}

TEST_CASE("A rollout says how far it is", "[sinks][kubernetes]") {
  CHECK(judged(moving(), 1s).detail == "1 of 3 pods run the new revision");
  KubeObject object = web();
  object.progress.current = 4;
  CHECK(judged(object, 1s).detail == "waiting for 1 old pods to end");
  object = web();
  object.progress.available = 2;
  CHECK(judged(object, 1s).detail == "2 of 3 pods are available");
  object.progress.observed_generation = 1;
  CHECK_THAT(judged(object, 1s).detail, Contains("has not seen the change"));
  CHECK(judged(moving(), 1s).again == 1s);
  CHECK(judged(moving(), 30s).again == 3s);
  CHECK(judged(moving(), 300s).again == 5s);
}

TEST_CASE("Another image or no such container means that a rollout is replaced",
          "[sinks][kubernetes]") {
  KubeObject object = web();
  object.containers[0].image = "r.example/web:1.0";
  const auto sight = judged(object, 1s);
  CHECK(sight.phase == Phase::replaced);
  CHECK(sight.detail == "'web' has r.example/web:1.0");
  object.containers.clear();
  CHECK(judged(object, 1s).phase == Phase::replaced);
}

TEST_CASE("A paused Deployment does not fail", "[sinks][kubernetes]") {
  KubeObject object = moving();
  object.progress.paused = true;
  const auto sight = judged(object, 3600s);
  CHECK(sight.phase == Phase::progressing);
  CHECK_THAT(sight.detail, Contains("paused by somebody"));
}

TEST_CASE("The cluster's deadline and our own fail a rollout", "[sinks][kubernetes]") {
  KubeObject object = moving();
  CHECK(judged(object, 899s).phase == Phase::progressing);
  CHECK(judged(object, 900s).phase == Phase::failed);
  CHECK(judged(object, 900s).detail ==
        "not complete after 900 s; 1 of 3 pods run the new revision");
  object.progress.deadline_exceeded = "ReplicaSet \"web-2\" has timed out progressing.";
  CHECK(judged(object, 1s).phase == Phase::failed);
  CHECK_THAT(judged(object, 1s).detail, Contains("ProgressDeadlineExceeded: ReplicaSet"));
  // What it says of the change before ours does not count.
  object.progress.observed_generation = 1;
  CHECK(judged(object, 1s).phase == Phase::progressing);

  RolloutLimits limits;
  limits.deadline = 0s;
  CHECK(judge(moving(), nullptr, rollout(), limits, kNoon + 48h).phase == Phase::progressing);
}

TEST_CASE("A new pod that cannot pull its image fails after a while", "[sinks][kubernetes]") {
  for (const char* const reason :
       {"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "ErrImageNeverPull"}) {
    CAPTURE(reason);
    KubePods pods{{new_pod(reason)}, {old_pod()}};
    pods.current[0].containers[0].message = "not found";
    const auto early = judged(moving(), 119s, &pods);
    CHECK(early.phase == Phase::progressing);
    CHECK(early.detail ==
          "1 of 3 pods run the new revision; web-new-1: " + std::string(reason) + ": not found");
    const auto late = judged(moving(), 120s, &pods);
    CHECK(late.phase == Phase::failed);
    CHECK(late.detail == "web-new-1: " + std::string(reason) + ": not found");
    CHECK_FALSE(late.others_fail);
    pods.current[0].deleting = true;
    CHECK(judged(moving(), 120s, &pods).phase == Phase::progressing);
  }
  const KubePods never{{new_pod("InvalidImageName")}, {}};
  CHECK(judged(moving(), 1s, &never).phase == Phase::failed);
  const KubePods starting{{new_pod("ContainerCreating")}, {}};
  CHECK(judged(moving(), 600s, &starting).phase == Phase::progressing);
}

TEST_CASE("A new pod that crashes fails with its third restart", "[sinks][kubernetes]") {
  KubePods pods{{new_pod("CrashLoopBackOff", 2)}, {old_pod()}};
  CHECK(judged(moving(), 5s, &pods).phase == Phase::progressing);
  pods.current[0] = new_pod("CrashLoopBackOff", 3);
  const auto sight = judged(moving(), 5s, &pods);
  CHECK(sight.phase == Phase::failed);
  CHECK(sight.detail == "web-new-1: CrashLoopBackOff, 3 restarts, Error, exit code 1");
  // Between two crashes it runs.
  pods.current[0] = new_pod("", 3);
  CHECK(judged(moving(), 5s, &pods).phase == Phase::failed);
  pods.current[0].containers[0].init = true;
  CHECK(judged(moving(), 5s, &pods).phase == Phase::failed);
}

TEST_CASE("Restarts of long ago do not fail a way back", "[sinks][kubernetes]") {
  KubePods pods{{new_pod("", 9)}, {}};
  pods.current[0].created = pods.current[0].started = kNoon - 24h;
  pods.current[0].ready = true;
  CHECK(judged(moving(), 5s, &pods).phase == Phase::progressing);
  pods.current[0].ready = false;
  pods.current[0].containers[0].waiting = "CrashLoopBackOff";
  CHECK(judged(moving(), 5s, &pods).phase == Phase::failed);
}

TEST_CASE("Old pods fail nothing, and say when the image may not be at fault",
          "[sinks][kubernetes]") {
  KubePods pods{{}, {old_pod()}};
  pods.old[0].ready = false;
  pods.old[0].containers[0].waiting = "ImagePullBackOff";
  CHECK(judged(moving(), 300s, &pods).phase == Phase::progressing);
  pods.current = {new_pod("CrashLoopBackOff", 3)};
  CHECK(judged(moving(), 5s, &pods).others_fail);
  pods.old[0].deleting = true;
  CHECK_FALSE(judged(moving(), 5s, &pods).others_fail);

  SECTION("but not those of an image in between") {
    pods.old = {pod("web-between", "r.example/web:1.0.5")};
    CHECK_FALSE(judged(moving(), 5s, &pods).others_fail);
    pods.old = {old_pod()};
    pods.old[0].ready = false;
    pods.old[0].containers[0].image_id = "r.example/web@sha256:" + std::string(64, '7');
    CHECK_FALSE(judged(moving(), 5s, &pods).others_fail);
  }
  SECTION("nor what a way back leads away from") {
    pods.old[0].deleting = false;
    Rollout back = rollout();
    back.way_back = true;
    const auto sight = judge(moving(), &pods, back, {}, kNoon + 5s);
    CHECK(sight.phase == Phase::failed);
    CHECK_FALSE(sight.others_fail);
  }
}

TEST_CASE("A pod that is never ready is named when the time is over", "[sinks][kubernetes]") {
  KubePods pods{{new_pod("")}, {old_pod()}};
  pods.current[0].containers[0].image_id = "r.example/web@sha256:" + std::string(64, '7');
  const auto sight = judged(moving(), 900s, &pods);
  CHECK(sight.phase == Phase::failed);
  CHECK_THAT(sight.detail, Contains("web-new-1: runs and is not ready"));
  pods.current[0] = new_pod("");
  pods.current[0].unscheduled = "0/1 nodes are available";
  CHECK_THAT(judged(moving(), 5s, &pods).detail,
             Contains("web-new-1: no node takes it: 0/1 nodes are available"));
}

TEST_CASE("A StatefulSet is complete above its partition", "[sinks][kubernetes]") {
  CHECK(judged(stateful_set(), 1s).phase == Phase::completed);
  KubeObject object = stateful_set();
  object.progress.updated = 1;
  object.progress.current_revision = "web-1";
  CHECK(judged(object, 1s).phase == Phase::progressing);
  object.progress.partition = 2;
  const auto sight = judged(object, 1s);
  CHECK(sight.phase == Phase::completed);
  CHECK(sight.detail == "1 of 3 pods run the new revision; partition 2 keeps the others");
  object.progress.partition = 5;
  CHECK(judged(object, 1s).phase == Phase::completed);
  object.progress.ready = 2;
  CHECK(judged(object, 1s).phase == Phase::progressing);
}

TEST_CASE("What does not roll by itself is complete at once, and says so", "[sinks][kubernetes]") {
  for (const KubeKind kind : {KubeKind::stateful_set, KubeKind::daemon_set}) {
    KubeObject object = moving();
    object.kind = kind;
    object.progress.on_delete = true;
    CHECK(judged(object, 1s).phase == Phase::completed);
    CHECK_THAT(judged(object, 1s).detail, Contains("OnDelete"));
  }
  KubeObject job = moving();
  job.kind = KubeKind::cron_job;
  CHECK(judged(job, 1s).phase == Phase::completed);
  CHECK(judged(job, 1s).detail == "its next job has the new image");
  job.progress.suspended = true;
  CHECK_THAT(judged(job, 1s).detail, Contains("suspended"));
}

TEST_CASE("A DaemonSet is complete when each node's pod is new and available",
          "[sinks][kubernetes]") {
  KubeObject object = web();
  object.kind = KubeKind::daemon_set;
  CHECK(judged(object, 1s).phase == Phase::completed);
  object.progress.available = 2;
  CHECK(judged(object, 1s).phase == Phase::progressing);
  object.progress.available = 3;
  object.progress.updated = 2;
  CHECK(judged(object, 1s).phase == Phase::progressing);
}

TEST_CASE("The one pod that holds up an ordered StatefulSet is found", "[sinks][kubernetes]") {
  KubeObject object = stateful_set();
  KubePods pods{{}, {pod("web-1", "r.example/web:1.0.5")}};
  Rollout back = rollout();
  back.way_back = true;
  const Time now = kNoon + 5s;
  REQUIRE(stuck_pod(object, pods, back, now) == &pods.old[0]);

  // On the way forward only one that fails or takes long, and is not what ran before.
  CHECK(stuck_pod(object, pods, rollout(), now) == nullptr);
  CHECK(stuck_pod(object, pods, rollout(), kNoon + 60s) == &pods.old[0]);
  pods.old[0].containers[0].waiting = "CrashLoopBackOff";
  CHECK(stuck_pod(object, pods, rollout(), now) == &pods.old[0]);
  pods.old[0].containers[0].image = "r.example/web:1.0";
  CHECK(stuck_pod(object, pods, rollout(), now) == nullptr);

  REQUIRE(stuck_pod(object, pods, back, now) != nullptr);
  SECTION("that is ready") {
    pods.old[0].ready = true;
  }
  SECTION("that ends already") {
    pods.old[0].deleting = true;
  }
  SECTION("of a set that replaces all at once") {
    object.progress.ordered = false;
  }
  SECTION("of a set that is not ordered") {
    object.kind = KubeKind::deployment;
  }
  SECTION("that is below the partition") {
    object.progress.partition = 2;
  }
  CHECK(stuck_pod(object, pods, back, now) == nullptr);
}
