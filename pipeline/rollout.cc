// SPDX-License-Identifier: Apache-2.0
#include "pipeline/rollout.h"

namespace longshore {

std::string_view name_of(RolloutState state) noexcept {
  switch (state) {
    case RolloutState::watching:
      return "watching";
    case RolloutState::completed:
      return "completed";
    case RolloutState::failed:
      return "failed";
    case RolloutState::superseded:
      return "superseded";
    case RolloutState::rolled_back:
      break;
  }
  return "rolled back";
}

}  // namespace longshore
