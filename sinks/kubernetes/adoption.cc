// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/adoption.h"

#include <algorithm>

namespace longshore {
namespace {

Adoption for_helm(const std::string& release, AdoptionTerms terms) {
  if (terms.adopt || terms.policy_on_object) {
    return Adoption{
        AdoptionVerdict::act_with_warning,
        "it belongs to " + release + ": the next helm upgrade sets the image that its values name"};
  }
  return Adoption{AdoptionVerdict::leave_alone,
                  "it belongs to " + release +
                      " and no policy stands on it: annotate the object with longshore.dev/policy, "
                      "or set adopt: true for this target"};
}

}  // namespace

KubeManager settled(const KubeManager& manager,
                    const std::function<bool(const std::string&)>& has_application) {
  if (manager.kind != KubeManager::Kind::instance) return manager;
  const std::string& label = manager.words;
  const std::string name = label.substr(label.rfind('_') + 1);
  if (!has_application(name)) return KubeManager{};
  return KubeManager{KubeManager::Kind::other, "Argo CD application " + name};
}

Adoption adoption(const KubeManager& manager, AdoptionTerms terms) {
  if (manager.kind == KubeManager::Kind::nobody) return Adoption{};
  if (manager.kind == KubeManager::Kind::helm) return for_helm(manager.words, terms);
  const std::string managed =
      "it is managed by " + manager.words.str() + ", which may put the image back";
  if (terms.adopt) return Adoption{AdoptionVerdict::act_with_warning, managed};
  return Adoption{AdoptionVerdict::leave_alone,
                  managed +
                      ": change it where that takes it from, or set adopt: true for this "
                      "target"};
}

bool has_policy(const Annotations& annotations) {
  const std::string ours = std::string(kAnnotationPrefix) + "policy";
  return std::any_of(annotations.begin(), annotations.end(), [&](const auto& entry) {
    const std::string_view key = entry.first;
    return key == ours || key.starts_with(ours + ".") ||
           key == std::string(kKeelPrefix) + "policy" ||
           key == std::string(kKeelOldPrefix) + "policy";
  });
}

}  // namespace longshore
