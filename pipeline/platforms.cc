// SPDX-License-Identifier: Apache-2.0
#include "pipeline/platforms.h"

namespace longshore {
namespace {

constexpr std::size_t kMostKnown = 10'000;

}  // namespace

std::optional<std::set<std::string>> Platforms::of(const Repository& repository,
                                                   const Digest& digest) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(digest);
    if (at != known_.end()) return at->second;
  }
  auto platforms = resolver_->platforms(repository, digest);
  if (!platforms) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  return known_.insert_or_assign(digest, *std::move(platforms)).first->second;
}

std::optional<std::string> Platforms::obstacle(const Action& action, Target& target,
                                               std::stop_token stop) {
  if (resolver_ == nullptr) return std::nullopt;
  const auto needed = target.platforms(action.workload, stop);
  if (!needed || needed->empty()) return std::nullopt;
  for (const ContainerChange& change : action.changes) {
    if (!change.to_digest) continue;
    const auto there = of(change.to.repository(), *change.to_digest);
    if (!there || there->empty()) continue;
    for (const std::string& platform : *needed) {
      if (there->contains(platform)) continue;
      return change.to.str() + " has no image for " + platform + ", which " + target.name() +
             " may run it on";
    }
  }
  return std::nullopt;
}

}  // namespace longshore
