// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/rights.h"

namespace longshore {

std::string_view name_of(KubeFeature feature) noexcept {
  switch (feature) {
    case KubeFeature::base:
      return "base";
    case KubeFeature::rollout:
      return "rollout";
    case KubeFeature::statefulset_rollback:
      return "statefulset-rollback";
    case KubeFeature::pull_secrets:
      return "pull-secrets";
    case KubeFeature::platform:
      return "platform";
    case KubeFeature::events:
      break;
  }
  return "events";
}

void KubeRights::refused(KubeFeature feature, const std::string& right, const std::string& error) {
  const std::lock_guard lock(mutex_);
  refused_[{feature, right}] = error;
}

void KubeRights::granted(KubeFeature feature, const std::string& right) {
  const std::lock_guard lock(mutex_);
  if (!refused_.empty()) refused_.erase({feature, right});
}

std::vector<std::string> KubeRights::problems() const {
  std::vector<std::string> lines;
  const std::lock_guard lock(mutex_);
  for (const auto& [what, error] : refused_) {
    lines.push_back("feature '" + std::string(name_of(what.first)) + "' is off: no right to " +
                    what.second + " (" + error + ")");
  }
  return lines;
}

}  // namespace longshore
