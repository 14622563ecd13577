// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/pods.h"

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/kube_support.h"

using namespace longshore;
using namespace longshore::test;

namespace {

const Digest kOne = *Digest::parse("sha256:" + std::string(64, '1'));
const Digest kTwo = *Digest::parse("sha256:" + std::string(64, '2'));

KubePod pod_with(const std::string& container, const std::string& image_id) {
  KubePod pod;
  pod.containers = {{.name = container,
                     .image = "r.example/web:1.0",
                     .waiting = {},
                     .message = {},
                     .ended = {},
                     .image_id = image_id}};
  return pod;
}

}  // namespace

TEST_CASE("Pods of a Deployment belong to its ReplicaSets, the newest is current",
          "[sinks][kubernetes]") {
  const auto sets = read_replica_sets(recorded("replica_sets.json"));
  auto pods = read_pods(recorded("pods_of_deployment_bad.json"));
  REQUIRE((sets && pods));
  CHECK(pods->next.empty());
  REQUIRE(pods->items.size() == 4);
  KubeObject object = object_with({});
  object.uid = "809beef8-a125-457a-92f2-866300de8dda";
  pods->items.push_back(pods->items.back());
  pods->items.back().owner = "of somebody else with the same labels";
  const KubePods sorted = sort_pods(object, sets->items, pods->items);
  REQUIRE(sorted.current.size() == 1);
  CHECK(sorted.old.size() == 3);
  const KubePod& bad = sorted.current.front();
  CHECK(bad.name == "web-5d55d8476-vbsnv");
  CHECK_FALSE(bad.ready);
  CHECK_FALSE(bad.deleting);
  CHECK(format_time(bad.started) == "2026-11-23T05:35:18.000000Z");
  REQUIRE(bad.containers.size() == 2);
  CHECK(bad.containers[0].waiting == "ImagePullBackOff");
  CHECK(bad.containers[0].image == "127.0.0.1:5000/shop/web:bad");
  CHECK(bad.containers[0].image_id.empty());
  CHECK(sorted.old[0].ready);
}

TEST_CASE("Pods of a StatefulSet are sorted by the revision that its status names",
          "[sinks][kubernetes]") {
  const auto pods = read_pods(recorded("pods_of_stateful_set_crash.json"));
  REQUIRE(pods);
  KubeObject object = object_with({});
  object.kind = KubeKind::stateful_set;
  object.uid = "ca19cc83-1cc6-4242-a8d3-2766564bdae9";
  object.progress.update_revision = "db-6bddd46784";
  const KubePods sorted = sort_pods(object, {}, pods->items);
  REQUIRE(sorted.current.size() == 1);
  CHECK(sorted.old.size() == 2);
  const KubePodContainer& crashed = sorted.current[0].containers[0];
  CHECK(sorted.current[0].name == "db-2");
  CHECK(crashed.waiting == "CrashLoopBackOff");
  CHECK(crashed.restarts == 8);
  CHECK(crashed.ended == "Error, exit code 1");
}

TEST_CASE("Pods of a DaemonSet are sorted by its newest ControllerRevision",
          "[sinks][kubernetes]") {
  const auto revisions = read_controller_revisions(recorded("controller_revisions.json"));
  const auto pods = read_pods(recorded("pods_of_daemon_set.json"));
  REQUIRE((revisions && pods));
  KubeObject object = object_with({});
  object.kind = KubeKind::daemon_set;
  object.uid = "9729811b-d4d7-4794-a641-f31329b3ca6f";
  CHECK(sort_pods(object, revisions->items, pods->items).current.size() == 1);
  auto back = revisions->items;
  for (KubeRevision& revision : back)
    if (revision.number == 1) revision.number = 3;
  CHECK(sort_pods(object, back, pods->items).old.size() == 1);
}

TEST_CASE("What is no list of pods is an error", "[sinks][kubernetes]") {
  for (const char* const text :
       {"", "{", "[]", "null", "{\"kind\":\"PodList\"}", "{\"kind\":\"Status\",\"items\":[]}",
        "{\"kind\":\"ReplicaSetList\",\"items\":[]}"}) {
    CAPTURE(text);
    const auto pods = read_pods(text);
    REQUIRE_FALSE(pods);
    CHECK(pods.error().code == Errc::invalid_input);
  }
  // Members of other types than they have are as good as absent.
  const auto odd = read_pods(R"({"kind": "PodList", "metadata": {"continue": "more"}, "items": [
    {"metadata": 3, "spec": {"containers": [1]}, "status": {"conditions": {}}}, null]})");
  REQUIRE(odd);
  CHECK(odd->items.size() == 2);
  CHECK(odd->next == "more");
}

TEST_CASE("An init container that has come through has not crashed", "[sinks][kubernetes]") {
  const auto pods = read_pods(R"({"kind": "PodList", "items": [{"metadata": {"name": "a"},
    "spec": {"initContainers": [{"name": "i"}, {"name": "j"}], "containers": [{"name": "c"}]},
    "status": {"phase": "Pending", "initContainerStatuses": [
      {"name": "i", "restartCount": 4, "state": {"terminated": {"exitCode": 0}},
       "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}},
      {"name": "j", "restartCount": 4, "state": {"terminated": {"exitCode": 7, "reason": "Error",
       "message": "no database"}}}]}}]})");
  REQUIRE(pods);
  const auto& containers = pods->items.front().containers;
  REQUIRE(containers.size() == 3);
  CHECK(containers[0].init);
  CHECK(containers[0].restarts == 0);
  CHECK(containers[1].restarts == 4);
  CHECK(containers[1].ended == "Error, exit code 7");
  CHECK(containers[1].message == "no database");
  CHECK_FALSE(containers[2].init);
}

TEST_CASE("digest_of_image_id takes digests of registries only", "[sinks][kubernetes]") {
  CHECK(digest_of_image_id("docker.io/library/nginx@" + kOne.str()) == kOne);
  CHECK(digest_of_image_id("docker-pullable://nginx@" + kOne.str()) == kOne);
  CHECK_FALSE(digest_of_image_id(kOne.str()));
  CHECK_FALSE(digest_of_image_id("docker://" + kOne.str()));
  CHECK_FALSE(digest_of_image_id("nginx@sha256:12"));
  CHECK_FALSE(digest_of_image_id(""));
}

TEST_CASE("running_digests says what all pods agree on", "[sinks][kubernetes]") {
  const std::string one = "r.example/web@" + kOne.str();
  KubePods pods{{pod_with("web", one), pod_with("web", "")}, {pod_with("web", one)}};
  CHECK(running_digests(pods) == std::map<std::string, Digest>{{"web", kOne}});

  pods.old.push_back(pod_with("web", "r.example/web@" + kTwo.str()));
  CHECK(running_digests(pods).empty());
  pods.old.back().deleting = true;
  CHECK(running_digests(pods).size() == 1);
  // One of which only the engine's id is known may be any image.
  pods.old.back() = pod_with("web", kOne.str());
  CHECK(running_digests(pods).empty());
  pods.old.back().ended = true;
  CHECK(running_digests(pods).size() == 1);
  CHECK(running_digests({}).empty());
}
