// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/object.h"

#include <catch2/catch.hpp>

using longshore::Annotations;
using longshore::KubeKind;
using longshore::KubeManager;
using longshore::KubeObject;
using longshore::read_kube_object;
using longshore::workload_for;

namespace {

// As an API server of 1.34 sends it, but for what nobody looks at.
const std::string kDeployment = R"({
  "kind": "Deployment", "apiVersion": "apps/v1",
  "metadata": {
    "name": "web", "namespace": "shop", "uid": "0c9c4f3c-7d0f-4a53-9e0b-7b0f8f3f6b55",
    "resourceVersion": "81234", "generation": 3, "creationTimestamp": "2026-03-01T12:00:00Z",
    "labels": {"app": "web", "keel.sh/policy": "patch"},
    "annotations": {
      "deployment.kubernetes.io/revision": "2",
      "longshore.dev/pin": "digest",
      "kubectl.kubernetes.io/last-applied-configuration": "{\"kind\":\"Deployment\"}"},
    "managedFields": [
      {"manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "apps/v1",
       "time": "2026-03-01T12:00:00Z", "fieldsType": "FieldsV1",
       "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers":
         {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}, "f:name": {}}}}}}}}]},
  "spec": {
    "replicas": 3, "progressDeadlineSeconds": 600, "paused": true,
    "selector": {"matchLabels": {"app": "web"}, "matchExpressions": [
      {"key": "tier", "operator": "In", "values": ["a", "b"]},
      {"key": "stage", "operator": "NotIn", "values": ["test"]},
      {"key": "live", "operator": "Exists"}, {"key": "old", "operator": "DoesNotExist"}]},
    "template": {
      "metadata": {"labels": {"app": "web"}},
      "spec": {
        "initContainers": [{"name": "migrate", "image": "registry.example.com/shop/web:1.2.3"},
                           {"name": "wait", "image": "busybox:1.36"}],
        "containers": [{"name": "app", "image": "registry.example.com/shop/web:1.2.3"},
                       {"name": "proxy", "image": "envoy:1.30"}],
        "serviceAccountName": "web", "imagePullSecrets": [{"name": "regcred"}, {"name": "hub"}]}}},
  "status": {
    "observedGeneration": 3, "replicas": 4, "updatedReplicas": 2, "readyReplicas": 3,
    "availableReplicas": 1, "unavailableReplicas": 1,
    "conditions": [
      {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"},
      {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
       "message": "ReplicaSet \"web-5d\" has timed out progressing."}]}})";

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

KubeObject read(const std::string& json, KubeKind kind = KubeKind::deployment) {
  auto object = read_kube_object(kind, json);
  INFO((object ? "" : object.error().message));
  REQUIRE(object);
  return *std::move(object);
}

// A Deployment with these members in its metadata.
KubeObject with_metadata(const std::string& members) {
  return read(R"({"metadata":{"name":"web","namespace":"shop","resourceVersion":"1",)" + members +
              R"(},"spec":{"template":{"spec":{"containers":[{"name":"app","image":"a/b:1"},)"
              R"({"name":"proxy","image":"envoy:1"}]}}}})");
}

// A field manager that owns the images of these containers.
std::string owner(const std::string& manager, const std::string& operation,
                  const std::string& container) {
  return R"("managedFields":[{"manager":")" + manager + R"(","operation":")" + operation +
         R"(","fieldsV1":{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\")" +
         container + R"(\"}":{".":{},"f:image":{}}}}}}}}])";
}

std::vector<std::string> images(const longshore::Workload& workload) {
  std::vector<std::string> lines;
  for (const auto& container : workload.containers)
    lines.push_back(container.name + "=" + container.image.str());
  return lines;
}

}  // namespace

TEST_CASE("A Deployment is read as the API server sends it", "[sinks][kubernetes]") {
  const KubeObject object = read(kDeployment);
  CHECK(object.id() == "Deployment shop/web");
  CHECK(object.uid == "0c9c4f3c-7d0f-4a53-9e0b-7b0f8f3f6b55");
  CHECK(object.version == 81234);
  CHECK(object.generation == 3);
  CHECK(object.annotations ==
        Annotations{{"keel.sh/policy", "patch"}, {"longshore.dev/pin", "digest"}});
  REQUIRE(object.containers.size() == 4);
  CHECK(object.containers[1].name == "proxy");
  CHECK(object.containers[1].position == 1);
  CHECK_FALSE(object.containers[1].init);
  CHECK(object.containers[2].name == "migrate");
  CHECK(object.containers[2].position == 0);
  CHECK(object.containers[2].init);
  CHECK(object.selector == "app=web,tier in (a,b),stage notin (test),live,!old");
  CHECK(object.service_account == "web");
  CHECK(object.pull_secrets == std::vector<std::string>{"regcred", "hub"});
  CHECK(object.manager.kind == KubeManager::Kind::nobody);
  CHECK(manager_of(object, "app").kind == KubeManager::Kind::nobody);
  CHECK(problem_of(object).empty());
}

TEST_CASE("A Deployment's progress is what its status says", "[sinks][kubernetes]") {
  const auto progress = read(kDeployment).progress;
  CHECK(progress.observed_generation == 3);
  CHECK(progress.desired == 3);
  CHECK(progress.current == 4);
  CHECK(progress.updated == 2);
  CHECK(progress.ready == 3);
  CHECK(progress.available == 1);
  CHECK(progress.paused);
  CHECK(progress.deadline_exceeded == "ReplicaSet \"web-5d\" has timed out progressing.");
  const auto going = read(changed(kDeployment, "\"status\": \"False\", \"reason\": \"Progress",
                                  "\"status\": \"True\", \"reason\": \"Progress"));
  CHECK(going.progress.deadline_exceeded.empty());
}

TEST_CASE("What the API leaves out has its default", "[sinks][kubernetes]") {
  const auto object = with_metadata(R"("generation":1)");
  CHECK(object.progress == longshore::KubeProgress{});
  CHECK(object.progress.desired == 1);
  CHECK(object.selector.empty());
  const auto none = read(changed(kDeployment, "\"replicas\": 3", "\"replicas\": 0"));
  CHECK(none.progress.desired == 0);
}

TEST_CASE("A StatefulSet tells how it updates", "[sinks][kubernetes]") {
  const std::string text = R"({"metadata":{"name":"db","namespace":"shop","resourceVersion":"9"},
    "spec":{"replicas":3,"podManagementPolicy":"OrderedReady",
      "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}},
      "template":{"spec":{"containers":[{"name":"db","image":"postgres:16"}]}}},
    "status":{"observedGeneration":1,"replicas":3,"readyReplicas":2,"currentReplicas":1,
      "updatedReplicas":1,"availableReplicas":2,"currentRevision":"db-1","updateRevision":"db-2"}})";
  const auto progress = read(text, KubeKind::stateful_set).progress;
  CHECK(progress.ordered);
  CHECK(progress.partition == 2);
  CHECK_FALSE(progress.on_delete);
  CHECK(progress.current == 3);
  CHECK(progress.updated == 1);
  CHECK(progress.update_revision == "db-2");
  CHECK(progress.current_revision == "db-1");
  const auto other =
      read(changed(changed(text, "OrderedReady", "Parallel"),
                   R"("RollingUpdate","rollingUpdate":{"partition":2})", R"("OnDelete")"),
           KubeKind::stateful_set);
  CHECK_FALSE(other.progress.ordered);
  CHECK(other.progress.on_delete);
  CHECK(other.progress.partition == 0);
}

TEST_CASE("A DaemonSet counts nodes", "[sinks][kubernetes]") {
  const auto progress =
      read(R"({"metadata":{"name":"log","namespace":"kube-system","resourceVersion":"9"},
    "spec":{"updateStrategy":{"type":"OnDelete"},
      "template":{"spec":{"containers":[{"name":"log","image":"fluent/bit:3"}]}}},
    "status":{"currentNumberScheduled":5,"desiredNumberScheduled":6,"numberReady":4,
      "observedGeneration":2,"updatedNumberScheduled":3,"numberAvailable":2}})",
           KubeKind::daemon_set)
          .progress;
  CHECK(progress.desired == 6);
  CHECK(progress.current == 5);
  CHECK(progress.ready == 4);
  CHECK(progress.updated == 3);
  CHECK(progress.available == 2);
  CHECK(progress.on_delete);
}

TEST_CASE("A CronJob has its containers further below", "[sinks][kubernetes]") {
  const auto object = read(R"({"metadata":{"name":"night","namespace":"shop","resourceVersion":"9"},
    "spec":{"schedule":"0 3 * * *","suspend":true,"jobTemplate":{"spec":{"template":{"spec":{
      "containers":[{"name":"job","image":"shop/job:7"}]}}}}}})",
                           KubeKind::cron_job);
  CHECK(object.id() == "CronJob shop/night");
  CHECK(images(workload_for("prod", object)) == std::vector<std::string>{"job=shop/job:7"});
  CHECK(object.progress.suspended);
  CHECK(object.progress.desired == 0);
}

TEST_CASE("An init container is listed with the image of a listed one", "[sinks][kubernetes]") {
  const auto workload = workload_for("prod", read(kDeployment));
  CHECK(workload.target == "prod");
  CHECK(workload.id == "Deployment shop/web");
  CHECK(images(workload) ==
        std::vector<std::string>{"app=registry.example.com/shop/web:1.2.3", "proxy=envoy:1.30",
                                 "migrate=registry.example.com/shop/web:1.2.3"});
}

TEST_CASE("An init container is listed when it is asked for", "[sinks][kubernetes]") {
  const auto own = changed(kDeployment, "longshore.dev/pin", "longshore.dev/policy.wait");
  CHECK(images(workload_for("prod", read(own))).size() == 4);
  const auto keel = changed(kDeployment, "\"longshore.dev/pin\": \"digest\"",
                            "\"keel.sh/initContainers\": \"true\"");
  CHECK(images(workload_for("prod", read(keel))).size() == 4);
}

TEST_CASE("An init container inherits what is written for its sibling", "[sinks][kubernetes]") {
  const auto object = read(changed(kDeployment, "longshore.dev/pin", "longshore.dev/pin.app"));
  const auto workload = workload_for("prod", object);
  CHECK(workload.annotations.at("longshore.dev/pin.migrate") == "digest");
  CHECK_FALSE(object.annotations.contains("longshore.dev/pin.migrate"));
}

TEST_CASE("An image that cannot be read is left out and named", "[sinks][kubernetes]") {
  const auto object = read(changed(kDeployment, "envoy:1.30", "Envoy:1.30"));
  CHECK(images(workload_for("prod", object)).size() == 2);
  CHECK(problem_of(object).starts_with("Deployment shop/web, container proxy: "));
}

TEST_CASE("What is no object is refused", "[sinks][kubernetes]") {
  const auto fault = [](const std::string& json) {
    const auto object = read_kube_object(KubeKind::deployment, json);
    REQUIRE_FALSE(object);
    CHECK(object.error().code == longshore::Errc::invalid_input);
    return object.error().message;
  };
  CHECK(fault("{}") == "metadata.name: is missing");
  CHECK(fault(R"({"metadata":{"name":"a"}})") == "metadata.resourceVersion: is missing");
  CHECK(fault(changed(kDeployment, "\"envoy:1.30\"", "1")) ==
        "spec.template.spec.containers[1].image: expected text, found a number");
  CHECK(fault(changed(kDeployment, "\"replicas\": 3", "\"replicas\": 1e300")) ==
        "spec.replicas: is no count");
  CHECK(fault(changed(kDeployment, "\"In\"", "\"Near\"")) ==
        "spec.selector.matchExpressions[0].operator: is none of In, NotIn, Exists and "
        "DoesNotExist");
  CHECK(fault(changed(kDeployment, "digest", std::string(5000, 'x'))) ==
        "metadata.annotations.longshore.dev/pin: is longer than 4096 bytes");
}

TEST_CASE("A version that is no number is none", "[sinks][kubernetes]") {
  CHECK(read(changed(kDeployment, "81234", "8a")).version == 0);
  CHECK(read(changed(kDeployment, "81234", "99999999999999999999")).version == 0);
}

TEST_CASE("What nobody reads may be as long as it likes", "[sinks][kubernetes]") {
  const auto text = changed(kDeployment, R"({\"kind\":\"Deployment\"})", std::string(200'000, 'x'));
  CHECK(read(text).annotations.size() == 2);
}

TEST_CASE("Objects of Flux and Argo CD are known by their marks", "[sinks][kubernetes]") {
  const auto manager = [](const std::string& members) {
    const KubeObject object = with_metadata(members);
    CHECK((object.manager.kind == KubeManager::Kind::nobody) == object.manager.words.empty());
    return object.manager.words;
  };
  CHECK(manager(R"("labels":{"kustomize.toolkit.fluxcd.io/name":"apps",
                             "kustomize.toolkit.fluxcd.io/namespace":"flux-system"})") ==
        "Flux Kustomization flux-system/apps");
  CHECK(manager(R"("labels":{"helm.toolkit.fluxcd.io/name":"web",
                             "helm.toolkit.fluxcd.io/namespace":"shop",
                             "app.kubernetes.io/managed-by":"Helm"},
                   "annotations":{"meta.helm.sh/release-name":"web"})") ==
        "Flux HelmRelease shop/web");
  CHECK(manager(R"("annotations":{
                     "argocd.argoproj.io/tracking-id":"site:apps/Deployment:shop/web"})") ==
        "Argo CD application site");
  CHECK(manager(R"("labels":{"argocd.argoproj.io/instance":"site"})") ==
        "Argo CD application site");
  CHECK(manager(R"("annotations":{"argocd-image-updater.argoproj.io/image-list":"a/b"})") ==
        "Argo CD Image Updater (annotation argocd-image-updater.argoproj.io/image-list)");
  CHECK(manager(R"("labels":{"app.kubernetes.io/instance":"site"})") == "site");
  CHECK(with_metadata(R"("labels":{"app.kubernetes.io/instance":"site"})").manager.kind ==
        KubeManager::Kind::instance);
}

TEST_CASE("Plain Helm needs its label and its annotation", "[sinks][kubernetes]") {
  const std::string label = R"("labels":{"app.kubernetes.io/managed-by":"Helm"})";
  const std::string annotation = R"("annotations":{"meta.helm.sh/release-name":"web",
                                                   "meta.helm.sh/release-namespace":"shop"})";
  CHECK(with_metadata(label).manager.kind == KubeManager::Kind::nobody);
  CHECK(with_metadata(annotation).manager.kind == KubeManager::Kind::nobody);
  const auto both = with_metadata(label + "," + annotation);
  CHECK(both.manager == KubeManager{KubeManager::Kind::helm, "Helm release shop/web"});
  // Helm 4 applies on the server's side.
  const auto helm4 = with_metadata(label + "," + annotation + "," + owner("helm", "Apply", "app"));
  CHECK(manager_of(helm4, "app").kind == KubeManager::Kind::helm);
}

TEST_CASE("Who applies an image manages that container", "[sinks][kubernetes]") {
  const auto object = with_metadata(owner("kustomize-controller", "Apply", "app"));
  CHECK(object.manager.kind == KubeManager::Kind::nobody);
  CHECK(manager_of(object, "app") ==
        KubeManager{KubeManager::Kind::other, "kustomize-controller (server-side apply)"});
  CHECK(manager_of(object, "proxy").kind == KubeManager::Kind::nobody);
  const auto nobody = [](const std::string& fields) {
    return manager_of(with_metadata(fields), "app").kind == KubeManager::Kind::nobody;
  };
  CHECK(nobody(owner("kustomize-controller", "Update", "app")));
  CHECK(nobody(owner("kubectl", "Apply", "app")));
  CHECK(nobody(owner("longshore", "Apply", "app")));
  CHECK(nobody(changed(owner("operator", "Apply", "app"), "f:image", "f:env")));
}

TEST_CASE("Paths are those of the API", "[sinks][kubernetes]") {
  CHECK(path_of(KubeKind::deployment, "shop", "web") ==
        "/apis/apps/v1/namespaces/shop/deployments/web");
  CHECK(path_of(KubeKind::cron_job, "shop", "") == "/apis/batch/v1/namespaces/shop/cronjobs");
  CHECK(path_of(KubeKind::stateful_set, "", "") == "/apis/apps/v1/statefulsets");
  CHECK(name_of(KubeKind::daemon_set) == "DaemonSet");
}
