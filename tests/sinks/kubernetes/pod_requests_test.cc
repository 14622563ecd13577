// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/pod_requests.h"

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/fake_api.h"

using namespace longshore;
using namespace longshore::test;
using Catch::Matchers::Contains;

namespace {

struct Fixture {
  FakeApi server;
  HttpClient client;
  KubeApi api{server.options, client, server.clock};
  KubeRights rights;
  KubeObject object = object_with({});

  Fixture() {
    object.uid = "809beef8-a125-457a-92f2-866300de8dda";
    object.selector = "app=web,tier in (a,b)";
  }
  void answer(std::function<StubReply(const StubRequest&)> call) { server.intercept(call); }
  auto list() { return list_pods(api, rights, object, {}); }
};

StubReply recorded_lists(const StubRequest& request) {
  const bool pods = request.path() == "/api/v1/namespaces/shop/pods";
  return {.body = recorded(pods ? "pods_of_deployment_bad.json" : "replica_sets.json")};
}

}  // namespace

TEST_CASE("list_pods asks for the pods of one Deployment and its ReplicaSets",
          "[sinks][kubernetes]") {
  Fixture f;
  f.answer(recorded_lists);
  const auto pods = f.list();
  REQUIRE(pods);
  CHECK(pods->current.size() == 1);
  CHECK(pods->old.size() == 3);
  const std::string query = "?labelSelector=app%3dweb%2ctier%20in%20%28a%2cb%29&limit=250";
  CHECK(f.server.lines() ==
        std::vector<std::string>{"GET /apis/apps/v1/namespaces/shop/replicasets" + query,
                                 "GET /api/v1/namespaces/shop/pods" + query});
}

TEST_CASE("list_pods follows pages", "[sinks][kubernetes]") {
  Fixture f;
  f.object.kind = KubeKind::stateful_set;
  f.answer([](const StubRequest& request) -> StubReply {
    const bool second = request.target.find("&continue=to%2fken") != std::string::npos;
    Json page{{"kind", "PodList"}, {"metadata", Json::object()}, {"items", Json::array()}};
    if (!second) page["metadata"]["continue"] = "to/ken";
    page["items"].push_back(
        {{"metadata",
          {{"name", second ? "b" : "a"},
           {"ownerReferences",
            {{{"uid", "809beef8-a125-457a-92f2-866300de8dda"}, {"controller", true}}}}}}});
    return {.body = page.dump()};
  });
  const auto pods = f.list();
  REQUIRE(pods);
  CHECK(pods->old.size() + pods->current.size() == 2);
  CHECK(f.server.lines().size() == 2);
}

TEST_CASE("list_pods names the right that it lacks", "[sinks][kubernetes]") {
  Fixture f;
  f.answer([](const StubRequest& request) -> StubReply {
    if (request.path() == "/api/v1/namespaces/shop/pods") {
      return {.status = 403, .body = status_of(403, "pods is forbidden")};
    }
    return recorded_lists(request);
  });
  const auto pods = f.list();
  REQUIRE_FALSE(pods);
  CHECK(pods.error().code == Errc::unauthorized);
  REQUIRE(f.rights.problems().size() == 1);
  CHECK(f.rights.problems()[0] ==
        "feature 'rollout' is off: no right to list pods in namespace shop (pods is forbidden)");
  f.answer(recorded_lists);
  CHECK(f.list());
  CHECK(f.rights.problems().empty());
}

TEST_CASE("list_pods fails where an answer is no list", "[sinks][kubernetes]") {
  Fixture f;
  f.answer([](const StubRequest&) -> StubReply { return {.body = "{}"}; });
  CHECK_FALSE(f.list());
  f.answer([](const StubRequest&) -> StubReply { return {.status = 500}; });
  CHECK(f.list().error().code == Errc::unavailable);
}

TEST_CASE("delete_pod deletes that very pod", "[sinks][kubernetes]") {
  Fixture f;
  KubePod pod;
  pod.name = "db-1";
  pod.uid = "u-1";
  int status = 200;
  f.answer([&](const StubRequest&) -> StubReply {
    return {.status = status, .body = status_of(status, "said so")};
  });
  CHECK(delete_pod(f.api, f.rights, f.object, pod, {}));
  const StubRequest request = f.server.requests()[0];
  CHECK(request.method + " " + request.target == "DELETE /api/v1/namespaces/shop/pods/db-1");
  CHECK(Json::parse(request.body)["preconditions"]["uid"] == "u-1");
  for (const int gone : {404, 409}) {
    status = gone;
    CHECK(delete_pod(f.api, f.rights, f.object, pod, {}));
  }
  status = 403;
  CHECK_FALSE(delete_pod(f.api, f.rights, f.object, pod, {}));
  CHECK_THAT(f.rights.problems().at(0), Contains("'statefulset-rollback' is off"));
}
