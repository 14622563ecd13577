// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/object.h"

#include <algorithm>
#include <array>

#include "sinks/init_containers.h"
#include "sinks/kubernetes/object_reader.h"

namespace longshore {
namespace {

struct KindNames {
  std::string_view kind;
  std::string_view plural;
  std::string_view group;
};

constexpr std::array<KindNames, 4> kNames{{{"Deployment", "deployments", "apps"},
                                           {"StatefulSet", "statefulsets", "apps"},
                                           {"DaemonSet", "daemonsets", "apps"},
                                           {"CronJob", "cronjobs", "batch"}}};

const KindNames& names_of(KubeKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

// The name of the first listed container that runs this very text; null: none does.
const std::string* sibling_of(const KubeContainer& init, const KubeObject& object,
                              const Workload& workload) {
  for (const Container& listed : workload.containers) {
    const auto same = std::find_if(object.containers.begin(), object.containers.end(),
                                   [&](const KubeContainer& other) {
                                     return other.name == listed.name && other.image == init.image;
                                   });
    if (same != object.containers.end()) return &listed.name;
  }
  return nullptr;
}

}  // namespace

std::string_view name_of(KubeKind kind) noexcept {
  return names_of(kind).kind;
}
std::string_view plural_of(KubeKind kind) noexcept {
  return names_of(kind).plural;
}
std::string_view group_of(KubeKind kind) noexcept {
  return names_of(kind).group;
}

std::string path_of(KubeKind kind, std::string_view space, std::string_view name) {
  std::string path = "/apis/";
  path.append(group_of(kind)).append("/v1/");
  if (!space.empty()) path.append("namespaces/").append(space).append("/");
  path.append(plural_of(kind));
  if (!name.empty()) path.append("/").append(name);
  return path;
}

std::string KubeObject::id() const {
  std::string id(name_of(kind));
  return id.append(" ").append(space).append("/").append(name);
}

Result<KubeObject> read_kube_object(KubeKind kind, std::string_view json) {
  JsonDocument document(json);
  KubeObject object = read_object(document, kind, document.root({"metadata", "spec", "status"}));
  if (document.error()) return *document.error();
  if (!object.fault.empty()) return Error{Errc::invalid_input, object.fault};
  return object;
}

KubeManager manager_of(const KubeObject& object, std::string_view container) {
  if (object.manager.kind == KubeManager::Kind::other) return object.manager;
  const auto found =
      std::find_if(object.containers.begin(), object.containers.end(),
                   [&](const KubeContainer& other) { return other.name == container; });
  if (found == object.containers.end() || found->applier.empty()) return object.manager;
  // Helm 4 applies on the server's side what Helm 3 patched.
  if (object.manager.kind == KubeManager::Kind::helm && found->applier == "helm") {
    return object.manager;
  }
  return KubeManager{KubeManager::Kind::other, found->applier.str() + " (server-side apply)"};
}

Workload workload_for(const std::string& target, const KubeObject& object) {
  Workload workload{target, object.id(), {}, object.annotations, object.always_pulls};
  for (const KubeContainer& container : object.containers) {
    auto image = ImageRef::parse(container.image);
    if (!image) continue;
    if (container.init && !list_init_container(workload.annotations, container.name,
                                               sibling_of(container, object, workload))) {
      continue;
    }
    workload.containers.push_back(Container{container.name, *std::move(image)});
  }
  return workload;
}

std::string problem_of(const KubeObject& object) {
  if (!object.fault.empty()) return object.id() + ": " + object.fault.str();
  for (const KubeContainer& container : object.containers) {
    if (container.init) continue;
    const auto image = ImageRef::parse(container.image);
    if (image) continue;
    return object.id() + ", container " + container.name + ": " + image.error().message;
  }
  return {};
}

}  // namespace longshore
