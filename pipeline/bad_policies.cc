// SPDX-License-Identifier: Apache-2.0
#include "pipeline/bad_policies.h"

namespace longshore {

// A turn sees the containers of one repository only. What it does not see of a workload with two is
// forgotten here and found again, and reported again, by the next turn of the other: rare, and
// better than an entry that nobody removes.
std::vector<BadPolicy> BadPolicies::update(std::span<const WorkloadPtr> workloads,
                                           std::span<const BadPolicy> found) {
  std::vector<BadPolicy> news;
  const std::lock_guard lock(mutex_);
  if (known_.empty() && found.empty()) return news;
  for (const BadPolicy& bad : found) {
    std::string& message = known_[{bad.target, bad.workload}][bad.container];
    if (message == bad.message) continue;
    message = bad.message;
    news.push_back(bad);
  }
  for (const WorkloadPtr& workload : workloads) {
    const auto at = known_.find({workload->target, workload->id});
    if (at == known_.end()) continue;
    std::erase_if(at->second, [&](const auto& entry) {
      for (const BadPolicy& bad : found) {
        if (bad.workload == workload->id && bad.container == entry.first) return false;
      }
      return true;
    });
    if (at->second.empty()) known_.erase(at);
  }
  return news;
}

std::vector<BadPolicy> BadPolicies::all(std::size_t limit) const {
  std::vector<BadPolicy> list;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, containers] : known_) {
    for (const auto& [container, message] : containers) {
      if (list.size() == limit) return list;
      list.push_back({key.first, key.second, container, message});
    }
  }
  return list;
}

}  // namespace longshore
