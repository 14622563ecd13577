// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/patch.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/sinks/kubernetes/kube_support.h"

using namespace longshore;
using namespace longshore::test;
using Catch::Matchers::Contains;
using Json = nlohmann::json;

namespace {

constexpr const char* kWeb = "Deployment shop/web";

KubeObject web(const std::string& image_text = "r.example/web:1.0") {
  return object_with({{.name = "web", .image = image_text, .position = 0},
                      {.name = "side", .image = "r.example/side:1.0", .position = 1},
                      {.name = "init", .image = "r.example/web:1.0", .init = true, .position = 0}});
}

Action to_1_1() {
  return action_for(kWeb, {change("web", "r.example/web:1.0", "r.example/web:1.1")});
}

Action restart() {
  return action_for(kWeb, {change("web", "r.example/web:1.0", "r.example/web:1.0")});
}

Json live(const std::string& annotations) {
  return Json::parse(R"({"metadata": {"name": "web")" + annotations + R"(},
    "spec": {"replicas": 3, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
      "containers": [{"name": "web", "image": "r.example/web:1.0"},
                     {"name": "side", "image": "r.example/side:1.0"}],
      "initContainers": [{"name": "init", "image": "r.example/web:1.0"}]}}}})");
}

// The paths at which two documents differ.
std::vector<std::string> difference(const Json& before, const Json& after) {
  std::vector<std::string> paths;
  for (const Json& operation : Json::diff(before, after))
    paths.push_back(operation["path"].get<std::string>());
  return paths;
}

}  // namespace

TEST_CASE("json_patch changes the image and our annotations, nothing else", "[sinks][kubernetes]") {
  KubeObject object = web();
  object.annotated = true;
  const Json before = live(R"(, "annotations": {"kept": "yes"})");
  const Json after = before.patch(Json::parse(json_patch(object, to_1_1())));
  CHECK(after["spec"]["template"]["spec"]["containers"][0]["image"] == "r.example/web:1.1");
  const Json& annotations = after["metadata"]["annotations"];
  CHECK(annotations["kept"] == "yes");
  CHECK(annotations["status.longshore.dev/last-action"] == "01KJM7Z9G0ACT10N0000000001");
  CHECK(annotations["status.longshore.dev/last-event"] == "01KJM7Z9G0EVENT00000000001");
  CHECK(annotations["status.longshore.dev/last-change"] ==
        "web: r.example/web:1.0 -> r.example/web:1.1");
  CHECK(annotations["status.longshore.dev/last-reason"] == "1.1 is newer than 1.0");
  CHECK(annotations["kubernetes.io/change-cause"] ==
        "longshore: web: r.example/web:1.0 -> r.example/web:1.1 (1.1 is newer than 1.0)");
  CHECK(difference(before, after) ==
        std::vector<std::string>{"/metadata/annotations/kubernetes.io~1change-cause",
                                 "/metadata/annotations/status.longshore.dev~1last-action",
                                 "/metadata/annotations/status.longshore.dev~1last-change",
                                 "/metadata/annotations/status.longshore.dev~1last-event",
                                 "/metadata/annotations/status.longshore.dev~1last-reason",
                                 "/spec/template/spec/containers/0/image"});
}

TEST_CASE("json_patch fails where the image, a name or the order is another one",
          "[sinks][kubernetes]") {
  KubeObject object = web();
  object.annotated = true;
  const Json patch = Json::parse(json_patch(object, to_1_1()));
  const char* const annotations = R"(, "annotations": {})";
  CHECK_NOTHROW(live(annotations).patch(patch));
  for (const char* const path :
       {"/spec/template/spec/containers/0/image", "/spec/template/spec/containers/0/name"}) {
    Json other = live(annotations);
    other[Json::json_pointer(path)] = "r.example/web:1.0.1";
    CHECK_THROWS(other.patch(patch));
  }
  Json other = live(annotations);
  std::swap(other["spec"]["template"]["spec"]["containers"][0],
            other["spec"]["template"]["spec"]["containers"][1]);
  CHECK_THROWS(other.patch(patch));
}

TEST_CASE("json_patch tests the image as it is written", "[sinks][kubernetes]") {
  const auto action = action_for(kWeb, {change("web", "nginx:1.27", "nginx:1.28")});
  const auto object = web("docker.io/library/nginx:1.27");
  REQUIRE(standing_of(object, action));
  const Json patch = Json::parse(json_patch(object, action));
  CHECK(patch[1] == Json::parse(R"({"op": "test", "path": "/spec/template/spec/containers/0/image",
                                    "value": "docker.io/library/nginx:1.27"})"));
}

TEST_CASE("json_patch replaces no annotation where it knows of none", "[sinks][kubernetes]") {
  const Json patch = Json::parse(json_patch(web(), to_1_1()));
  REQUIRE(patch.size() == 5);
  CHECK(patch[3] ==
        Json::parse(R"({"op": "test", "path": "/metadata/annotations", "value": null})"));
  CHECK(patch[4]["op"] == "add");
  CHECK(patch[4]["path"] == "/metadata/annotations");
  CHECK(patch[4]["value"].size() == 5);
}

TEST_CASE("json_patch moves several containers, init containers and CronJobs",
          "[sinks][kubernetes]") {
  KubeObject object = web();
  object.kind = KubeKind::cron_job;
  const auto action =
      action_for("CronJob shop/web", {change("web", "r.example/web:1.0", "r.example/web:1.1"),
                                      change("init", "r.example/web:1.0", "r.example/web:1.1")});
  const Json patch = Json::parse(json_patch(object, action));
  const std::string pod = "/spec/jobTemplate/spec/template/spec";
  CHECK(patch[2]["path"] == pod + "/containers/0/image");
  CHECK(patch[2]["op"] == "replace");
  CHECK(patch[3]["path"] == pod + "/initContainers/0/name");
  CHECK(patch[5]["path"] == pod + "/initContainers/0/image");
  CHECK(patch[5]["value"] == "r.example/web:1.1");
}

TEST_CASE("json_patch writes a reason of any bytes", "[sinks][kubernetes]") {
  Action action = to_1_1();
  action.reason = "\xff\"" + std::string(3'000, 'x');
  const Json patch = Json::parse(json_patch(web(), action));
  const auto reason = patch[4]["value"]["status.longshore.dev/last-reason"].get<std::string>();
  CHECK_THAT(reason, Contains("\"xxx"));
  CHECK(reason.size() < 1'100);
}

TEST_CASE("A restart is an annotation of the pod template", "[sinks][kubernetes]") {
  REQUIRE(is_restart(restart()));
  REQUIRE_FALSE(is_restart(to_1_1()));
  KubeObject object = web();
  object.annotated = true;
  const Json before = live(R"(, "annotations": {})");
  // A document without that map, for a library that takes no test of what is not there.
  Json patch = Json::parse(json_patch(object, restart()));
  const auto test = std::find_if(patch.begin(), patch.end(), [](const Json& operation) {
    return operation["value"].is_null();
  });
  REQUIRE(test != patch.end());
  CHECK((*test)["path"] == "/spec/template/metadata/annotations");
  patch.erase(test);
  const Json after = before.patch(patch);
  CHECK(after["spec"]["template"]["metadata"]["annotations"] ==
        Json::parse(R"({"status.longshore.dev/restarted-by": "01KJM7Z9G0ACT10N0000000001",
                        "status.longshore.dev/restarted-at": "2026-03-01T12:00:00.000000Z"})"));
  CHECK(after["spec"]["template"]["spec"] == before["spec"]["template"]["spec"]);
}

TEST_CASE("A restart that has been written is recognised by its action", "[sinks][kubernetes]") {
  KubeObject object = web();
  CHECK(*standing_of(object, restart()) == Standing::due);
  object.restarted_by = *ActionId::parse("01KJM7Z9G0ACT10N0000000009");
  CHECK(*standing_of(object, restart()) == Standing::due);
  object.restarted_by = restart().id;
  CHECK(*standing_of(object, restart()) == Standing::done);
  object.containers[0].image = "r.example/web:2.0";
  CHECK(standing_of(object, restart()).error().code == Errc::conflict);
  object = web();
  object.kind = KubeKind::cron_job;
  CHECK(*standing_of(object, restart()) == Standing::done);
}

TEST_CASE("standing_of tells what is due, done and neither", "[sinks][kubernetes]") {
  const auto both = action_for(kWeb, {change("web", "r.example/web:1.0", "r.example/web:1.1"),
                                      change("init", "r.example/web:1.0", "r.example/web:1.1")});
  KubeObject object = web();
  CHECK(*standing_of(object, both) == Standing::due);
  object.containers[0].image = "r.example/web:1.1";
  const auto half = standing_of(object, both);
  REQUIRE_FALSE(half);
  CHECK(half.error().code == Errc::conflict);
  CHECK_THAT(half.error().message, Contains("some containers were changed"));
  object.containers[2].image = "r.example/web:1.1";
  CHECK(*standing_of(object, both) == Standing::done);
  object.containers[0].image = "r.example/web:3";
  CHECK(standing_of(object, both).error().message ==
        "'web' runs r.example/web:3, not r.example/web:1.0");
  object.containers.erase(object.containers.begin());
  CHECK(standing_of(object, both).error().message == "there is no 'web' any more");
}

TEST_CASE("standing_of leaves a container alone that an action only restarts with others",
          "[sinks][kubernetes]") {
  const auto mixed = action_for(kWeb, {change("web", "r.example/web:1.0", "r.example/web:1.1"),
                                       change("side", "r.example/side:1.0", "r.example/side:1.0")});
  KubeObject object = web();
  CHECK(*standing_of(object, mixed) == Standing::due);
  object.containers[0].image = "r.example/web:1.1";
  CHECK(*standing_of(object, mixed) == Standing::done);
}
