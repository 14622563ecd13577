// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/clock.h"
#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/index.h"
#include "sinks/kubernetes/rights.h"
#include "sinks/registry/logins.h"

namespace longshore {

// The logins that the workloads of a cluster pull a repository with: their image pull secrets and,
// of those that name none, what their service account names for its pods
// (kubernetes.io/docs/tasks/configure-pod-container/configure-service-account).
//
// Only secrets of a workload's own namespace and of the two types for this are read, when they are
// needed, at most 20 for each question. They are kept for 5 minutes, and that one is not there is
// kept, too; asked for anew, all are read that are older than 5 seconds. What cannot be read is
// left out; a right that is missing is told to KubeRights.
//
// Threads: safe from every thread; find() blocks within the question's deadline, and no longer than
// 10 seconds. Lifetime: what it refers to outlives it.
class PullSecrets {
 public:
  PullSecrets(KubeApi& api, const KubeIndex& index, KubeRights& rights, const Clock& clock)
      : api_(api), index_(index), rights_(rights), clock_(clock) {}

  std::vector<Login> find(const LoginQuestion& question);

 private:
  class Reading;
  // What is kept of one object, by its path.
  struct Kept {
    std::vector<std::string> names;  // of secrets, by a service account
    std::vector<Login> logins;       // in a secret
    SteadyTime read_at{};
  };
  std::optional<Kept> kept(const std::string& path, std::chrono::seconds at_most) const;
  void keep(const std::string& path, const Kept& kept);

  KubeApi& api_;
  const KubeIndex& index_;
  KubeRights& rights_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Kept> kept_;  // guarded by mutex_
};

}  // namespace longshore
