// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/kubernetes_target.h"

#include <atomic>

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/fake_api.h"
#include "tests/support/eventually.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Phase = RolloutSight::Phase;

namespace {

const std::string kApps = "/apis/apps/v1/namespaces/";
const std::string kWeb = kApps + "shop/deployments/web";
const std::string kDb = kApps + "shop/statefulsets/db";

Json object(const std::string& name, const std::string& image_text) {
  return Json{{"metadata",
               {{"name", name},
                {"namespace", "shop"},
                {"uid", "uid-" + name},
                {"resourceVersion", "7"},
                {"generation", 2}}},
              {"spec",
               {{"replicas", 3},
                {"selector", {{"matchLabels", {{"app", name}}}}},
                {"template",
                 {{"metadata", {{"labels", {{"app", name}}}}},
                  {"spec", {{"containers", {{{"name", "web"}, {"image", image_text}}}}}}}}}},
              {"status",
               {{"observedGeneration", 2},
                {"replicas", 3},
                {"updatedReplicas", 3},
                {"readyReplicas", 3},
                {"availableReplicas", 3}}}};
}

class Listener final : public TargetListener {
 public:
  void repository_changed(const std::string&, const Repository& repository) override {
    const std::lock_guard lock(mutex_);
    changed_.push_back(repository.str());
  }
  void target_synced(const std::string&) override { ++syncs; }
  void rollout_moved(const std::string&, const std::string& id) override {
    const std::lock_guard lock(mutex_);
    changed_.push_back(id);
  }
  bool has(const std::string& what) const {
    const std::lock_guard lock(mutex_);
    return std::find(changed_.begin(), changed_.end(), what) != changed_.end();
  }
  std::atomic<int> syncs = 0;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> changed_;
};

struct Fixture {
  FakeApi server{
      {{kWeb, object("web", "r.example/web:1.0")}, {kDb, object("db", "r.example/db:1.0")}}};
  Listener listener;
  std::optional<KubernetesTarget> target;

  ~Fixture() {
    if (target) target->stop();
  }
  KubernetesTarget& start() {
    target.emplace(server.options, server.clock);
    REQUIRE(target->start(listener));
    REQUIRE(eventually([this] { return target->synced(); }));
    return *target;
  }
  std::vector<std::string> ids(const std::string& repository) {
    std::vector<std::string> ids;
    for (const WorkloadPtr& workload : target->workloads_of(image(repository).repository()))
      ids.push_back(workload->id);
    return ids;
  }
  std::string problems() {
    std::string all;
    for (const std::string& problem : target->state().problems)
      all += problem + "\n";
    return all;
  }
  // Requests about pods and what stands between, and changes of pods.
  std::size_t pod_requests() {
    std::size_t count = 0;
    for (const std::string& line : server.lines())
      if (line.find("/pods") != std::string::npos) ++count;
    return count;
  }
};

Rollout rollout_of(const std::string& workload, const std::string& to) {
  Rollout rollout{
      .id = *Ulid::parse("01KJM7Z9G0ACT10N0000000001"),
      .target = "prod",
      .workload = workload,
      .repository = image(to).repository(),
      .event = *Ulid::parse("01KJM7Z9G0EVENT00000000001"),
      .parts = {{.container = "web", .to = image(to), .digest = {}, .back = {}, .back_digest = {}}},
      .mark = "2",
      .ended = {},
      .progress = {},
      .reason = {}};
  rollout.started = kNoon;
  return rollout;
}

Json moving(const std::string& name, const std::string& image_text) {
  Json json = object(name, image_text);
  json["status"]["updatedReplicas"] = 1;
  json["status"]["updateRevision"] = "db-new";
  return json;
}

// A pod of a StatefulSet.
Json pod(const std::string& name, const std::string& revision, bool ready) {
  return Json{{"metadata",
               {{"name", name},
                {"uid", "uid-" + name},
                {"creationTimestamp", "2026-03-01T12:00:01Z"},
                {"labels", {{"controller-revision-hash", revision}}},
                {"ownerReferences", {{{"uid", "uid-db"}, {"controller", true}}}}}},
              {"spec", {{"containers", {{{"name", "web"}, {"image", "r.example/db:1.1"}}}}}},
              {"status",
               {{"conditions", {{{"type", "Ready"}, {"status", ready ? "True" : "False"}}}},
                {"containerStatuses",
                 {{{"name", "web"},
                   {"imageID", "r.example/db@sha256:" + std::string(64, '1')},
                   {"restartCount", ready ? 0 : 3},
                   {"lastState",
                    ready ? Json::object()
                          : Json{{"terminated", {{"exitCode", 1}, {"reason", "Error"}}}}}}}}}}};
}

auto answer_pods(std::vector<Json> pods) {
  return [pods](const StubRequest& request) -> std::optional<StubReply> {
    if (request.path().find("/pods") == std::string::npos) return std::nullopt;
    return StubReply{.body = Json{{"kind", "PodList"}, {"items", pods}}.dump()};
  };
}

auto refuse(const std::string& part) {
  return [part](const StubRequest& request) -> std::optional<StubReply> {
    if (request.path().find(part) == std::string::npos) return std::nullopt;
    return StubReply{.status = 403, .body = status_of(403, "you may not")};
  };
}

}  // namespace

TEST_CASE("The target knows the cluster's workloads and says so once", "[sinks][kubernetes]") {
  Fixture f;
  const KubernetesTarget& target = f.start();
  REQUIRE(eventually([&] { return f.listener.syncs == 1; }));
  CHECK(f.ids("r.example/web") == std::vector<std::string>{"Deployment shop/web"});
  CHECK(f.ids("r.example/none").empty());
  CHECK(target.workloads().size() == 2);
  CHECK(target.state().workloads == 2);
  CHECK(target.state().synced_at);
  CHECK(f.problems() == "");
  CHECK(target.type() == "kubernetes");
  CHECK(target.concurrency() == 8);
}

TEST_CASE("A kubeconfig that is missing has to be changed", "[sinks][kubernetes]") {
  FakeApi server;
  server.options.kubeconfig = "/nowhere/kubeconfig";
  KubernetesTarget target(server.options, server.clock);
  Listener listener;
  const Status started = target.start(listener);
  REQUIRE_FALSE(started);
  CHECK(started.error().code == Errc::invalid_input);
  CHECK_THAT(started.error().message, Contains("target 'prod'") && Contains("/nowhere/kubeconfig"));
}

TEST_CASE("A change is one request, and in the inventory when it is delivered",
          "[sinks][kubernetes]") {
  Fixture f;
  KubernetesTarget& target = f.start();
  const Action action =
      action_for("Deployment shop/web", {change("web", "r.example/web:1.0", "r.example/web:1.1")});
  const Delivery delivery = target.deliver(action, {});
  CHECK(delivery.outcome == Outcome::delivered);
  CHECK(delivery.mark == "3");
  std::size_t asked = 0;
  for (const std::string& line : f.server.lines())
    if (line.find("/web") != std::string::npos) ++asked;
  CHECK(asked == 1);
  CHECK(target.workloads_of(image("r.example/web").repository())[0]->containers[0].image ==
        image("r.example/web:1.1"));

  // What others change is told.
  f.server.put(kDb, [] {
    Json other = object("db", "r.example/other:1");
    other["metadata"]["resourceVersion"] = "5000";
    return other;
  }());
  CHECK(eventually([&] { return f.listener.has("r.example/other"); }));
  CHECK(f.listener.has("r.example/db"));
}

TEST_CASE("Before the inventory is complete nothing is delivered or judged",
          "[sinks][kubernetes]") {
  Fixture f;
  f.target.emplace(f.server.options, f.server.clock);
  const Action action =
      action_for("Deployment shop/web", {change("web", "r.example/web:1.0", "r.example/web:1.1")});
  CHECK(f.target->deliver(action, {}).outcome == Outcome::retry);
  CHECK_FALSE(f.target->follow(rollout_of("Deployment shop/web", "r.example/web:1.1"), {}));
}

TEST_CASE("A kind or namespace without rights does not stop the others", "[sinks][kubernetes]") {
  Fixture f;
  f.server.options.namespaces = {"shop", "secret"};
  f.server.intercept(refuse("/namespaces/secret/"));
  f.start();
  CHECK(f.ids("r.example/web").size() == 1);
  CHECK_THAT(f.problems(), Contains("deployments") && Contains("in namespace secret"));
}

TEST_CASE("Without any right there is no inventory", "[sinks][kubernetes]") {
  Fixture f;
  f.server.intercept(refuse("/apis/"));
  f.target.emplace(f.server.options, f.server.clock);
  REQUIRE(f.target->start(f.listener));
  REQUIRE(eventually([&] { return f.target->state().problems.size() == 4; }));
  CHECK_FALSE(f.target->synced());
  CHECK(f.listener.syncs == 0);
}

TEST_CASE("Namespaces are chosen by their labels", "[sinks][kubernetes]") {
  Fixture f;
  Json other = object("api", "r.example/api:1.0");
  other["metadata"]["namespace"] = "stage";
  f.server.put(kApps + "stage/deployments/api", other);
  f.server.options.namespace_labels = "team=shop";
  f.server.intercept([](const StubRequest& request) -> std::optional<StubReply> {
    if (request.path() != "/api/v1/namespaces") return std::nullopt;
    if (request.target.find("watch=1") != std::string::npos) return StubReply{.status = 500};
    return StubReply{.body = R"({"metadata": {"resourceVersion": "1"}, "items": [
      {"metadata": {"name": "shop", "resourceVersion": "1"}}]})"};
  });
  f.start();
  CHECK(f.ids("r.example/web").size() == 1);
  CHECK(f.ids("r.example/api").empty());
}

TEST_CASE("What somebody else manages is left alone, with a reason", "[sinks][kubernetes]") {
  Fixture f;
  Json json = object("web", "r.example/web:1.0");
  json["metadata"]["labels"] = {{"kustomize.toolkit.fluxcd.io/name", "apps"},
                                {"kustomize.toolkit.fluxcd.io/namespace", "flux-system"}};
  f.server.put(kWeb, json);
  SECTION("unless told otherwise") {
    f.server.options.adopt = true;
    f.start();
    CHECK(f.ids("r.example/web").size() == 1);
    CHECK(f.problems() == "");
  }
  SECTION("by default") {
    f.start();
    const auto found = f.target->workloads_of(image("r.example/web").repository());
    REQUIRE(found.size() == 1);
    CHECK(found.front()->containers.empty());
    REQUIRE(found.front()->left_alone.size() == 1);
    CHECK_THAT(found.front()->left_alone.front().reason, Contains("managed by Flux"));
    CHECK(f.target->workload("Deployment shop/web") == nullptr);
    CHECK(f.target->workloads().size() == 1);
    CHECK_THAT(f.problems(), Contains("Deployment shop/web is left alone: ") && Contains("Flux"));
    f.server.remove(kWeb);
    CHECK(eventually([&] { return f.problems() == ""; }));
  }
}

TEST_CASE("What a Helm release has is changed where a policy stands on it, with a warning",
          "[sinks][kubernetes]") {
  Fixture f;
  Json json = object("web", "r.example/web:1.0");
  json["metadata"]["labels"] = {{"app.kubernetes.io/managed-by", "Helm"}};
  json["metadata"]["annotations"] = {{"meta.helm.sh/release-name", "web"},
                                     {"longshore.dev/policy", "semver"}};
  f.server.put(kWeb, json);
  f.start();
  CHECK(f.ids("r.example/web").size() == 1);
  CHECK_THAT(f.problems(), Contains("Deployment shop/web is changed all the same: ") &&
                               Contains("the next helm upgrade"));
}

TEST_CASE("A right is missing for one kind in one namespace", "[sinks][kubernetes]") {
  Fixture f;
  const KubernetesTarget& target = f.start();
  CHECK(target.rights_scope("Deployment shop/web") == "Deployment shop/");
}

TEST_CASE("A rollout that is over is judged without a request", "[sinks][kubernetes]") {
  Fixture f;
  KubernetesTarget& target = f.start();
  const auto phase = [&](const Rollout& rollout) { return target.follow(rollout, {})->phase; };
  f.server.clock.advance(60s);
  CHECK(phase(rollout_of("Deployment shop/web", "r.example/web:1.0")) == Phase::completed);
  CHECK(phase(rollout_of("Deployment shop/web", "r.example/web:0.9")) == Phase::replaced);
  CHECK(phase(rollout_of("Deployment shop/none", "r.example/web:0.9")) == Phase::replaced);
  CHECK(f.pod_requests() == 0);
}

TEST_CASE("A rollout that takes a while is judged by its pods", "[sinks][kubernetes]") {
  Fixture f;
  f.server.put(kDb, moving("db", "r.example/db:1.1"));
  f.server.intercept(answer_pods({pod("db-2", "db-new", false), pod("db-1", "db-old", true)}));
  KubernetesTarget& target = f.start();
  const Rollout rollout = rollout_of("StatefulSet shop/db", "r.example/db:1.1");
  CHECK(target.follow(rollout, {})->phase == Phase::progressing);
  CHECK(f.pod_requests() == 0);
  f.server.clock.advance(4s);
  const auto sight = target.follow(rollout, {});
  REQUIRE(sight);
  CHECK(sight->phase == Phase::failed);
  CHECK_THAT(sight->detail, Contains("db-2: ended, 3 restarts, Error, exit code 1"));
  CHECK(f.pod_requests() == 1);
}

TEST_CASE("Without the right to see pods a rollout is judged by its status",
          "[sinks][kubernetes]") {
  Fixture f;
  f.server.put(kDb, moving("db", "r.example/db:1.1"));
  f.server.intercept(refuse("/pods"));
  KubernetesTarget& target = f.start();
  const Rollout rollout = rollout_of("StatefulSet shop/db", "r.example/db:1.1");
  f.server.clock.advance(10s);
  const auto sight = target.follow(rollout, {});
  REQUIRE(sight);
  CHECK(sight->phase == Phase::progressing);
  CHECK_THAT(sight->detail, Contains("judged without its pods"));
  CHECK_THAT(f.problems(), Contains("'rollout' is off: no right to list pods in namespace shop"));
  f.server.clock.advance(1h);
  CHECK(target.follow(rollout, {})->phase == Phase::failed);
}

TEST_CASE("The pod that holds up a way back is deleted", "[sinks][kubernetes]") {
  Fixture f;
  f.server.put(kDb, moving("db", "r.example/db:1.0"));
  const auto pods = answer_pods({pod("db-2", "db-old", false), pod("db-1", "db-new", true)});
  bool allowed = true;
  f.server.intercept([&](const StubRequest& request) -> std::optional<StubReply> {
    if (request.method != "DELETE") return pods(request);
    return StubReply{.status = allowed ? 200 : 403, .body = status_of(403, "you may not")};
  });
  KubernetesTarget& target = f.start();
  f.server.clock.advance(5s);
  Rollout rollout = rollout_of("StatefulSet shop/db", "r.example/db:1.0");
  rollout.way_back = true;
  SECTION("that pod and no other") {
    const auto sight = target.follow(rollout, {});
    REQUIRE(sight);
    CHECK_THAT(sight->detail, Contains("deleted pod db-2, which held it up"));
    const auto lines = f.server.lines();
    CHECK(std::count(lines.begin(), lines.end(), "DELETE /api/v1/namespaces/shop/pods/db-2") == 1);
  }
  SECTION("or what has to be done is said") {
    allowed = false;
    CHECK_THAT(target.follow(rollout, {})->detail,
               Contains("db-2 holds it up and has to be deleted"));
    CHECK_THAT(f.problems(), Contains("'statefulset-rollback' is off"));
  }
}

TEST_CASE("What the index has not seen yet is asked for", "[sinks][kubernetes]") {
  Fixture f;
  KubernetesTarget& target = f.start();
  Json live = object("web", "r.example/web:1.1");
  live["metadata"]["generation"] = live["status"]["observedGeneration"] = 9;
  live["metadata"]["resourceVersion"] = "5000";
  f.server.intercept([live](const StubRequest& request) -> std::optional<StubReply> {
    if (request.path() != kWeb) return std::nullopt;
    return StubReply{.body = live.dump()};
  });
  Rollout rollout = rollout_of("Deployment shop/web", "r.example/web:1.1");
  rollout.mark = "9";
  CHECK(target.follow(rollout, {})->phase == Phase::completed);
  CHECK(f.listener.has("Deployment shop/web"));
  const auto lines = f.server.lines();
  CHECK(std::count(lines.begin(), lines.end(), "GET " + kWeb) == 1);
  CHECK(target.follow(rollout, {})->phase == Phase::completed);
  CHECK(f.server.lines().size() == lines.size());
}

TEST_CASE("running says what all pods run", "[sinks][kubernetes]") {
  Fixture f;
  f.server.intercept(answer_pods({pod("db-2", "db-new", true), pod("db-1", "db-old", true)}));
  KubernetesTarget& target = f.start();
  const auto digests = target.running("StatefulSet shop/db", {});
  REQUIRE(digests);
  CHECK(digests->at("web").str() == "sha256:" + std::string(64, '1'));
  CHECK(target.running("StatefulSet shop/none", {}).error().code == Errc::not_found);
}
