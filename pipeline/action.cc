// SPDX-License-Identifier: Apache-2.0
#include "pipeline/action.h"

#include <algorithm>

namespace longshore {

std::string_view name_of(ActionState state) noexcept {
  switch (state) {
    case ActionState::ready:
      return "ready";
    case ActionState::in_flight:
      return "in flight";
    case ActionState::waiting:
      return "waiting for retry";
    case ActionState::done:
      return "done";
    case ActionState::dead:
      return "dead";
    case ActionState::parked:
      return "parked";
    case ActionState::superseded:
      return "superseded";
    case ActionState::conflicted:
      break;
  }
  return "conflicted";
}

std::string_view name_of(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::delivered:
      return "delivered";
    case Outcome::retry:
      return "retry";
    case Outcome::rejected:
      return "rejected";
    case Outcome::forbidden:
      return "forbidden";
    case Outcome::conflict:
      break;
  }
  return "conflict";
}

bool is_same_change(const Action& a, const Action& b) {
  const auto has = [&b](const ContainerChange& change) {
    return std::ranges::any_of(b.changes, [&](const ContainerChange& other) {
      return change.container == other.container && change.from == other.from &&
             change.to == other.to && change.to_digest == other.to_digest;
    });
  };
  return a.target == b.target && a.workload == b.workload && a.changes.size() == b.changes.size() &&
         std::ranges::all_of(a.changes, has);
}

}  // namespace longshore
