// SPDX-License-Identifier: Apache-2.0
#include "pipeline/target.h"

namespace longshore {

// What a target without rollouts says: a delivered change is in effect.
Result<RolloutSight> Target::follow(const Rollout&, std::stop_token) noexcept {
  return RolloutSight{.phase = RolloutSight::Phase::completed, .detail = {}};
}

Result<std::set<std::string>> Target::platforms(const std::string&, std::stop_token) noexcept {
  return std::set<std::string>{};
}

Result<std::map<std::string, Digest>> Target::running(const std::string&,
                                                      std::stop_token) noexcept {
  return std::map<std::string, Digest>{};
}

}  // namespace longshore
