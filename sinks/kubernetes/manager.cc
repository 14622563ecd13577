// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/manager.h"

#include <algorithm>
#include <string>

namespace longshore {
namespace {

constexpr std::size_t kMaxMarkBytes = 4096;  // of an annotation that we look at
constexpr std::size_t kMaxFieldSets = 10'000;

constexpr std::string_view kKustomizationName = "kustomize.toolkit.fluxcd.io/name";
constexpr std::string_view kKustomizationSpace = "kustomize.toolkit.fluxcd.io/namespace";
constexpr std::string_view kHelmReleaseName = "helm.toolkit.fluxcd.io/name";
constexpr std::string_view kHelmReleaseSpace = "helm.toolkit.fluxcd.io/namespace";
constexpr std::string_view kArgoTracking = "argocd.argoproj.io/tracking-id";
constexpr std::string_view kArgoInstance = "argocd.argoproj.io/instance";
constexpr std::string_view kArgoUpdater = "argocd-image-updater.argoproj.io/";
constexpr std::string_view kInstance = "app.kubernetes.io/instance";
constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";
constexpr std::string_view kHelmName = "meta.helm.sh/release-name";
constexpr std::string_view kHelmSpace = "meta.helm.sh/release-namespace";

// The names are whole names here, and a longer one that starts so does no harm.
Annotations marks_in(const JsonObject& metadata, std::string_view where,
                     std::initializer_list<std::string_view> names) {
  Annotations marks;
  metadata.each_member(where, names, [&](std::string_view name, const JsonElement& value) {
    marks.emplace(name, value.text(kMaxMarkBytes));
  });
  return marks;
}

std::string_view value_of(const Annotations& marks, std::string_view name) {
  const auto found = marks.find(name);
  return found == marks.end() ? std::string_view() : std::string_view(found->second);
}

// "Helm release shop/web"
std::string words(std::string_view what, std::string_view space, std::string_view name) {
  std::string text(what);
  text += ' ';
  if (!space.empty()) text.append(space).append("/");
  return text.append(name);
}

KubeManager other(std::string words) {
  return KubeManager{KubeManager::Kind::other, std::move(words)};
}

// A tracking id is "<application>:<group>/<kind>:<namespace>/<name>".
std::string_view argo_application(const Annotations& labels, const Annotations& annotations) {
  const std::string_view tracking = value_of(annotations, kArgoTracking);
  if (!tracking.empty()) return tracking.substr(0, tracking.find(':'));
  return value_of(labels, kArgoInstance);
}

// The sets of fields that are below a pod's spec in fieldsV1.
JsonObject pod_fields(const JsonObject& fields, KubeKind kind) {
  JsonObject spec = fields.object("f:spec", {"f:template", "f:jobTemplate"});
  if (kind == KubeKind::cron_job) {
    spec = spec.object("f:jobTemplate", {"f:spec"}).object("f:spec", {"f:template"});
  }
  return spec.object("f:template", {"f:spec"})
      .object("f:spec", {"f:containers", "f:initContainers"});
}

// Of a key like k:{"name":"web"} the container of that name; null: there is none.
KubeContainer* named(std::vector<KubeContainer>& containers, std::string_view key, bool init) {
  constexpr std::string_view kBegin = "k:{\"name\":\"";
  if (!key.starts_with(kBegin) || !key.ends_with("\"}")) return nullptr;
  const std::string_view name = key.substr(kBegin.size(), key.size() - kBegin.size() - 2);
  const auto found = std::find_if(
      containers.begin(), containers.end(),
      [&](const KubeContainer& other) { return other.init == init && other.name == name; });
  return found == containers.end() ? nullptr : &*found;
}

void note_applier(const JsonObject& pod, std::string_view list, std::string_view applier,
                  std::vector<KubeContainer>& containers) {
  pod.each_member(list, {"k:{"}, [&](std::string_view key, const JsonElement& fields) {
    KubeContainer* container = named(containers, key, list == "f:initContainers");
    if (container == nullptr || !container->applier.empty()) return;
    if (fields.object({"f:image"}).has("f:image")) container->applier = applier;
  });
}

}  // namespace

KubeManager read_manager(const JsonObject& metadata) {
  const Annotations labels = marks_in(metadata, "labels",
                                      {kKustomizationName, kKustomizationSpace, kHelmReleaseName,
                                       kHelmReleaseSpace, kArgoInstance, kInstance, kManagedBy});
  const Annotations annotations =
      marks_in(metadata, "annotations", {kArgoTracking, kArgoUpdater, kHelmName, kHelmSpace});
  if (const auto name = value_of(labels, kKustomizationName); !name.empty()) {
    return other(words("Flux Kustomization", value_of(labels, kKustomizationSpace), name));
  }
  if (const auto name = value_of(labels, kHelmReleaseName); !name.empty()) {
    return other(words("Flux HelmRelease", value_of(labels, kHelmReleaseSpace), name));
  }
  if (const auto name = argo_application(labels, annotations); !name.empty()) {
    return other(words("Argo CD application", {}, name));
  }
  const auto updater = annotations.lower_bound(kArgoUpdater);
  if (updater != annotations.end() && updater->first.starts_with(kArgoUpdater)) {
    return other("Argo CD Image Updater (annotation " + updater->first + ")");
  }
  const std::string_view release = value_of(annotations, kHelmName);
  if (!release.empty() && value_of(labels, kManagedBy) == "Helm") {
    return KubeManager{KubeManager::Kind::helm,
                       words("Helm release", value_of(annotations, kHelmSpace), release)};
  }
  const std::string_view instance = value_of(labels, kInstance);
  if (instance.empty()) return KubeManager{};
  return KubeManager{KubeManager::Kind::instance, instance};
}

void read_appliers(const JsonObject& metadata, KubeKind kind,
                   std::vector<KubeContainer>& containers) {
  metadata.each("managedFields", kMaxFieldSets, [&](const JsonElement& element) {
    const JsonObject entry = element.object({"manager", "operation", "subresource", "fieldsV1"});
    if (entry.text("operation") != "Apply" || entry.has("subresource")) return;
    const std::string_view manager = entry.text("manager").value_or(std::string_view());
    if (manager == "kubectl" || manager == "longshore") return;
    const JsonObject pod = pod_fields(entry.object("fieldsV1", {"f:spec"}), kind);
    note_applier(pod, "f:containers", manager, containers);
    note_applier(pod, "f:initContainers", manager, containers);
  });
}

}  // namespace longshore
