// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/control.h"
#include "pipeline/target.h"

namespace longshore {

// The policies that cannot be used at present, so that each is reported once and not with every
// event. Threads: safe from every thread.
class BadPolicies {
 public:
  // What a turn found about the containers of this repository in these workloads takes the place of
  // what was known of them. Returns those that are new or say something else now.
  std::vector<BadPolicy> update(const Repository& repository,
                                std::span<const WorkloadPtr> workloads,
                                std::span<const BadPolicy> found);
  std::vector<BadPolicy> all(std::size_t limit) const;

 private:
  using Key = std::pair<std::string, std::string>;  // target, workload
  mutable std::mutex mutex_;
  std::map<Key, std::map<std::string, std::string>> known_;  // guarded by mutex_; by container
};

}  // namespace longshore
