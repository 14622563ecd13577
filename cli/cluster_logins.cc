// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster_logins.h"

namespace longshore {

void ClusterLogins::set(Targets targets) {
  const std::lock_guard lock(mutex_);
  targets_ = std::move(targets);
}

std::vector<Login> ClusterLogins::find(const LoginQuestion& question) const {
  Targets targets;
  {
    const std::lock_guard lock(mutex_);
    targets = targets_;
  }
  std::vector<Login> found;
  for (const auto& target : targets) {
    auto logins = target->logins(question);
    std::move(logins.begin(), logins.end(), std::back_inserter(found));
  }
  return found;
}

}  // namespace longshore
