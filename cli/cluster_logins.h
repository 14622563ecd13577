// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "sinks/kubernetes/kubernetes_target.h"

namespace longshore {

// What the clusters of the configuration know of registries: KubernetesTarget::logins() of each.
//
// Threads: safe from every thread. Lifetime: whoever asks holds a share of it, and a target that is
// asked lives until it has answered.
class ClusterLogins {
 public:
  using Targets = std::vector<std::shared_ptr<KubernetesTarget>>;

  // These are asked from now on.
  void set(Targets targets);
  std::vector<Login> find(const LoginQuestion& question) const;

 private:
  mutable std::mutex mutex_;
  Targets targets_;  // guarded by mutex_
};

}  // namespace longshore
