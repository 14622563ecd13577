// SPDX-License-Identifier: Apache-2.0
#include "pipeline/known_repositories.h"

#include <algorithm>

namespace longshore {
namespace {

constexpr std::chrono::seconds kFresh{1};
constexpr std::size_t kMostPerPart = 16;

std::string last_part(const Repository& repository) {
  const std::string_view path = repository.path();
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace

void KnownRepositories::outdated() {
  const std::lock_guard lock(mutex_);
  outdated_ = true;
}

void KnownRepositories::rebuild() {
  by_last_part_.clear();
  const SetupPtr setup = setup_.get();
  for (const auto& outbox : setup->outboxes) {
    for (const WorkloadPtr& workload : outbox->target().workloads()) {
      for (const Container& container : workload->containers) {
        const Repository& repository = container.image.repository();
        auto& known = by_last_part_[last_part(repository)];
        if (known.size() < kMostPerPart && std::ranges::find(known, repository) == known.end()) {
          known.push_back(repository);
        }
      }
    }
  }
}

std::string KnownRepositories::nearest(const Repository& repository) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  if (outdated_ && now - built_ >= kFresh) {
    rebuild();
    outdated_ = false;
    built_ = now;
  }
  const auto at = by_last_part_.find(last_part(repository));
  if (at == by_last_part_.end()) return {};
  for (const Repository& known : at->second) {
    if (known.path() == repository.path()) return known.str();
  }
  return at->second.front().str();
}

}  // namespace longshore
