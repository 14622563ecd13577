// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/names.h"

#include <utility>

namespace longshore {

ReflectorOptions namespace_options(const std::string& labels) {
  return ReflectorOptions{.path = "/api/v1/namespaces", .labels = labels, .resource = "namespaces"};
}

ReflectorOptions application_options() {
  return ReflectorOptions{.path = "/apis/argoproj.io/v1alpha1/applications",
                          .resource = "applications.argoproj.io"};
}

KubeNames::KubeNames(KubeApi& api, const Clock& clock, ReflectorOptions options, Hooks hooks)
    : hooks_(std::move(hooks)), reflector_(api, clock, std::move(options), this->hooks()) {}

std::set<std::string> KubeNames::names() const {
  const std::lock_guard lock(mutex_);
  return names_;
}

bool KubeNames::has(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return names_.contains(name);
}

template <typename Change>
void KubeNames::change(const Change& change) {
  std::set<std::string> now = names();
  change(now);
  {
    const std::lock_guard lock(mutex_);
    if (known_ && now == names_) return;
    names_ = now;
  }
  known_ = true;
  hooks_.on_change(now);
}

ReflectorHooks KubeNames::hooks() {
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
  hooks.forget = [this] { hooks_.on_state(); };
  hooks.synced = [this] { hooks_.on_state(); };
  hooks.trouble = [this](const std::string&) { hooks_.on_state(); };
  return hooks;
}

}  // namespace longshore
