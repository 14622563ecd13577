// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longshore {

// What a role may leave out; each needs rights of its own (deploy/kubernetes/).
enum class KubeFeature : std::uint8_t {
  base,                  // get, list, watch and patch of the workloads
  rollout,               // list of pods, replicasets and controllerrevisions
  statefulset_rollback,  // delete of pods
  platform,              // list of nodes
  events,                // create of events
  pull_secrets,          // get of secrets and serviceaccounts
};

std::string_view name_of(KubeFeature feature) noexcept;  // "statefulset-rollback"

// Which rights the API server has refused to us, until it grants them again.
//
// Threads: every function is safe from every thread.
class KubeRights {
 public:
  // A right is "patch deployments.apps in namespace shop"; the error is the server's own words.
  void refused(KubeFeature feature, const std::string& right, const std::string& error);
  void granted(KubeFeature feature, const std::string& right);
  // One line for each: which feature is off, the right that it lacks, and the server's words.
  std::vector<std::string> problems() const;

 private:
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::map<std::pair<KubeFeature, std::string>, std::string> refused_;
};

}  // namespace longshore
