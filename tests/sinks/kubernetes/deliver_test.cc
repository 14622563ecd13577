// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/deliver.h"

#include <catch2/catch.hpp>

#include "sinks/kubernetes/patch.h"
#include "tests/sinks/kubernetes/fake_api.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const std::string kPath = "/apis/apps/v1/namespaces/shop/deployments/web";
const std::string kPatch = "PATCH " + kPath + "?fieldManager=longshore";
const std::string kGet = "GET " + kPath;

Json web(const std::string& image_text = "r.example/web:1.0") {
  return Json{{"kind", "Deployment"},
              {"metadata",
               {{"name", "web"},
                {"namespace", "shop"},
                {"uid", "u1"},
                {"resourceVersion", "7"},
                {"generation", 4},
                {"annotations", {{"deployment.kubernetes.io/revision", "3"}}}}},
              {"spec",
               {{"replicas", 3},
                {"template",
                 {{"metadata", {{"labels", {{"app", "web"}}}}},
                  {"spec",
                   {{"containers",
                     {{{"name", "web"}, {"image", image_text}},
                      {{"name", "side"}, {"image", "r.example/side:1"}}}}}}}}}}};
}

Json::json_pointer operator""_at(const char* text, std::size_t) {
  return Json::json_pointer(text);
}

struct Fixture {
  FakeApi server{{{kPath, web()}}};
  HttpClient client;
  KubeApi api{server.options, client, server.clock};
  KubeIndex index{"prod"};
  KubeRights rights;
  Action action =
      action_for("Deployment shop/web", {change("web", "r.example/web:1.0", "r.example/web:1.1")});

  Fixture() { know(web()); }
  void know(const Json& object) {
    index.put(*read_kube_object(KubeKind::deployment, object.dump()));
  }
  KubeAttempt run() { return attempt(api, index, rights, action, {}); }
  Outcome outcome() { return run().delivery.outcome; }
  std::string indexed() { return index.find("Deployment shop/web")->containers[0].image; }
  void reply(int status, const std::string& message, HttpFields fields = {}) {
    server.intercept([=](const StubRequest& request) -> std::optional<StubReply> {
      if (request.method != "PATCH") return std::nullopt;
      return StubReply{.status = status, .fields = fields, .body = status_of(status, message)};
    });
  }
};

}  // namespace

TEST_CASE("A delivery is one PATCH, and the index knows its effect", "[sinks][kubernetes]") {
  Fixture f;
  const KubeAttempt made = f.run();
  CHECK(made.delivery.outcome == Outcome::delivered);
  CHECK(made.delivery.mark == "5");
  REQUIRE(made.changed);
  CHECK(f.server.lines() == std::vector<std::string>{kPatch});
  CHECK(f.server.requests()[0].field("Content-Type") == "application/json-patch+json");
  CHECK(f.indexed() == "r.example/web:1.1");
  const Json live = f.server.get(kPath);
  CHECK(live["/spec/template/spec/containers/0/image"_at] == "r.example/web:1.1");
  CHECK(live["/metadata/annotations/status.longshore.dev~1last-action"_at] == f.action.id.str());
  CHECK(live["/metadata/annotations/deployment.kubernetes.io~1revision"_at] == "3");
}

TEST_CASE("What stands there already is delivered without a request", "[sinks][kubernetes]") {
  Fixture f;
  f.index.forget(KubeKind::deployment, "");
  f.know(web("r.example/web:1.1"));
  const KubeAttempt made = f.run();
  CHECK(made.delivery.outcome == Outcome::delivered);
  CHECK(made.delivery.mark == "4");
  CHECK_FALSE(made.changed);
  CHECK(f.server.lines().empty());
}

TEST_CASE("What the index knows better than the decision is a conflict", "[sinks][kubernetes]") {
  Fixture f;
  f.index.forget(KubeKind::deployment, "");
  CHECK(f.outcome() == Outcome::conflict);
  f.know(web("r.example/web:3.0"));
  CHECK(f.outcome() == Outcome::conflict);
  CHECK(f.server.lines().empty());
}

TEST_CASE("Replicas, status and another container that change meanwhile survive",
          "[sinks][kubernetes]") {
  Fixture f;
  Json other = web();
  other["spec"]["replicas"] = 9;
  other["status"] = {{"replicas", 9}};
  other["metadata"]["resourceVersion"] = "900";
  other["/spec/template/spec/containers/1/image"_at] = "r.example/side:2";
  f.server.put(kPath, other);
  CHECK(f.outcome() == Outcome::delivered);
  const Json live = f.server.get(kPath);
  CHECK(live["spec"]["replicas"] == 9);
  CHECK(live["/spec/template/spec/containers/1/image"_at] == "r.example/side:2");
  CHECK(live["/spec/template/spec/containers/0/image"_at] == "r.example/web:1.1");
}

TEST_CASE("A failed test is a conflict, found by one more request", "[sinks][kubernetes]") {
  Fixture f;
  Json other = web("r.example/web:2.0");
  other["metadata"]["resourceVersion"] = "900";
  f.server.put(kPath, other);
  const KubeAttempt made = f.run();
  CHECK(made.delivery.outcome == Outcome::conflict);
  CHECK(made.delivery.detail == "'web' runs r.example/web:2.0, not r.example/web:1.0");
  CHECK(f.server.lines() == std::vector<std::string>{kPatch, kGet});
  CHECK(f.indexed() == "r.example/web:2.0");
  CHECK(made.noticed.repositories.size() == 1);
  CHECK(f.server.get(kPath) == other);
}

TEST_CASE("A change whose answer was lost is delivered", "[sinks][kubernetes]") {
  Fixture f;
  Json other = web("r.example/web:1.1");
  other["metadata"]["resourceVersion"] = "900";
  other["metadata"]["generation"] = 8;
  f.server.put(kPath, other);
  const KubeAttempt made = f.run();
  CHECK(made.delivery.outcome == Outcome::delivered);
  CHECK(made.delivery.mark == "8");
  CHECK_FALSE(made.changed);
}

TEST_CASE("A container that has moved in its list is found there", "[sinks][kubernetes]") {
  Fixture f;
  Json other = web();
  std::swap(other["/spec/template/spec/containers/0"_at],
            other["/spec/template/spec/containers/1"_at]);
  other["metadata"]["resourceVersion"] = "900";
  f.server.put(kPath, other);
  CHECK(f.outcome() == Outcome::delivered);
  CHECK(f.server.lines() == std::vector<std::string>{kPatch, kGet, kPatch});
  CHECK(f.server.get(kPath)["/spec/template/spec/containers/1/image"_at] == "r.example/web:1.1");
}

TEST_CASE("Annotations that somebody adds at the same moment survive", "[sinks][kubernetes]") {
  Fixture f;
  Json bare = web();
  bare["metadata"].erase("annotations");
  f.index.forget(KubeKind::deployment, "");
  f.know(bare);
  Json other = web();
  other["metadata"]["resourceVersion"] = "900";
  f.server.put(kPath, other);
  CHECK(f.outcome() == Outcome::delivered);
  const Json annotations = f.server.get(kPath)["metadata"]["annotations"];
  CHECK(annotations["deployment.kubernetes.io/revision"] == "3");
  CHECK(annotations.size() == 6);
}

TEST_CASE("A 422 that is no failed test is rejected, with the server's words",
          "[sinks][kubernetes]") {
  Fixture f;
  f.reply(422, "admission webhook \"images.example\" denied the request: not signed");
  const KubeAttempt made = f.run();
  CHECK(made.delivery.outcome == Outcome::rejected);
  CHECK_THAT(made.delivery.detail, Contains("not signed"));
  CHECK(f.server.lines() == std::vector<std::string>{kPatch, kGet});
  f.reply(409, "the object has been modified");
  CHECK(f.outcome() == Outcome::retry);
}

TEST_CASE("An object that is gone is a conflict, and leaves the index", "[sinks][kubernetes]") {
  Fixture f;
  f.server.remove(kPath);
  CHECK(f.outcome() == Outcome::conflict);
  CHECK(f.index.size() == 0);
}

TEST_CASE("A missing right is named, until it is granted", "[sinks][kubernetes]") {
  Fixture f;
  f.reply(403, "deployments.apps \"web\" is forbidden");
  const KubeAttempt made = f.run();
  CHECK(made.delivery.outcome == Outcome::forbidden);
  CHECK(made.delivery.detail ==
        "no right to patch deployments.apps in namespace shop: deployments.apps \"web\" is "
        "forbidden");
  REQUIRE(f.rights.problems().size() == 1);
  CHECK_THAT(f.rights.problems()[0],
             Contains("'base' is off: no right to patch deployments.apps in namespace shop"));
  f.server.intercept({});
  CHECK(f.outcome() == Outcome::delivered);
  CHECK(f.rights.problems().empty());
}

TEST_CASE("What passes by itself is tried again, what never will is rejected",
          "[sinks][kubernetes]") {
  Fixture f;
  f.reply(429, "slow down", {{"Retry-After", "7"}});
  const KubeAttempt slowed = f.run();
  CHECK(slowed.delivery.outcome == Outcome::retry);
  CHECK(slowed.delivery.retry_after == 7'000ms);
  for (const int status : {408, 500, 503, 504}) {
    f.reply(status, "later");
    CHECK(f.outcome() == Outcome::retry);
  }
  for (const int status : {400, 405, 415}) {
    f.reply(status, "never");
    CHECK(f.outcome() == Outcome::rejected);
  }
  f.server.intercept([](const StubRequest&) { return StubReply{.way = StubReply::Way::closed}; });
  CHECK(f.outcome() == Outcome::retry);
}

TEST_CASE("A webhook that writes another image is told of, not fought", "[sinks][kubernetes]") {
  Fixture f;
  f.server.intercept([](const StubRequest&) {
    Json other = web("mirror.example/web:1.1");
    other["metadata"]["resourceVersion"] = "900";
    return StubReply{.body = other.dump()};
  });
  const KubeAttempt made = f.run();
  CHECK(made.delivery.outcome == Outcome::rejected);
  CHECK_THAT(made.delivery.detail, Contains("mirror.example/web:1.1"));
}

TEST_CASE("A restart is made once", "[sinks][kubernetes]") {
  Fixture f;
  f.action =
      action_for("Deployment shop/web", {change("web", "r.example/web:1.0", "r.example/web:1.0")});
  CHECK(f.outcome() == Outcome::delivered);
  CHECK(f.server.get(
            kPath)["/spec/template/metadata/annotations/status.longshore.dev~1restarted-by"_at] ==
        f.action.id.str());
  CHECK(f.outcome() == Outcome::delivered);
  CHECK(f.server.lines().size() == 1);
}

TEST_CASE("A configuration that cannot be used parks, and rejects nothing", "[sinks][kubernetes]") {
  CHECK(delivery_for_failure({Errc::invalid_input, "no kubeconfig"}).outcome == Outcome::forbidden);
  CHECK(delivery_for_failure({Errc::unavailable, "away"}).outcome == Outcome::retry);
  CHECK(delivery_for_failure({Errc::unsupported, "too large"}).outcome == Outcome::retry);
}
