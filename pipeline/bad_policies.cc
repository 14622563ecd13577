// SPDX-License-Identifier: Apache-2.0
#include "pipeline/bad_policies.h"

#include <algorithm>

namespace longshore {
namespace {

bool has(std::span<const BadPolicy> found, const Workload& workload, const std::string& container) {
  return std::ranges::any_of(found, [&](const BadPolicy& bad) {
    return bad.target == workload.target && bad.workload == workload.id &&
           bad.container == container;
  });
}

// Whether a container of the workload runs something else than the repository: another lane's.
bool is_another_lanes(const Workload& workload, const std::string& container,
                      const Repository& repository) {
  return std::ranges::any_of(workload.containers, [&](const Container& other) {
    return other.name == container && !(other.image.repository() == repository);
  });
}

}  // namespace

std::vector<BadPolicy> BadPolicies::update(const Repository& repository,
                                           std::span<const WorkloadPtr> workloads,
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
      return !has(found, *workload, entry.first) &&
             !is_another_lanes(*workload, entry.first, repository);
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
