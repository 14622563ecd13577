// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/namespaces.h"

#include <utility>

namespace longshore {

ReflectorOptions namespace_options(const std::string& labels) {
  return ReflectorOptions{.path = "/api/v1/namespaces", .labels = labels, .resource = "namespaces"};
}

KubeNamespaces::KubeNamespaces(KubeApi& api, const Clock& clock, ReflectorOptions options,
                               OnChange on_change)
    : on_change_(std::move(on_change)), reflector_(api, clock, std::move(options), hooks()) {}

std::set<std::string> KubeNamespaces::names() const {
  const std::lock_guard lock(mutex_);
  return names_;
}

template <typename Change>
void KubeNamespaces::change(const Change& change) {
  std::set<std::string> now = names();
  change(now);
  {
    const std::lock_guard lock(mutex_);
    if (known_ && now == names_) return;
    names_ = now;
  }
  known_ = true;
  on_change_(now);
}

ReflectorHooks KubeNamespaces::hooks() {
  ReflectorHooks hooks;
  hooks.replace = [this](const std::vector<KubeObjectPtr>& objects, std::uint64_t) {
    change([&](std::set<std::string>& names) {
      names.clear();
      for (const KubeObjectPtr& object : objects)
        names.insert(object->name);
    });
  };
  hooks.put = [this](const KubeObject& object) {
    change([&](std::set<std::string>& names) { names.insert(object.name); });
  };
  hooks.remove = [this](const KubeObject& object) {
    change([&](std::set<std::string>& names) { names.erase(object.name); });
  };
  hooks.forget = [] {};
  return hooks;
}

}  // namespace longshore
