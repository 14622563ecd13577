// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event.h"

namespace longshore {

// One container of a rollout, and where it goes back to if it fails.
struct RolloutPart {
  std::string container;
  ImageRef to;                   // what was written
  std::optional<Digest> digest;  // behind it, where it is known
  std::optional<ImageRef> back;  // as it was written there; none: nothing is known
  std::optional<Digest> back_digest;
};

// The numbers are in the store: never renumber.
enum class RolloutState : std::uint8_t {
  watching = 1,
  completed = 2,
  failed = 3,       // and stays as it is: no way back is known, or it was one itself
  superseded = 4,   // a newer change, ours or somebody else's, took its place
  rolled_back = 5,  // it failed, and the way back was ordered
};

std::string_view name_of(RolloutState state) noexcept;  // "rolled back"

// What a delivered action has started on a target that runs images by itself: new instances take
// the place of the old ones, or do not come up.
struct Rollout {
  ActionId id;  // of the action
  std::string target;
  std::string workload;
  Repository repository;
  EventId event;  // of the action
  std::vector<RolloutPart> parts;
  std::string mark;       // the target's own word for what it wrote; see Delivery
  bool way_back = false;  // it undoes a failed one, and is never undone itself
  RolloutState state = RolloutState::watching;
  Time started{};
  std::optional<Time> ended;
  std::string progress;  // "2 of 3 pods are ready"
  std::string reason;    // why it ended as it did
};

// What a target sees of a rollout at one moment.
struct RolloutSight {
  enum class Phase {
    progressing,
    completed,
    failed,
    replaced,  // something else than `to` stands there by now
  };
  Phase phase = Phase::progressing;
  std::string detail;  // how far it is, or why it failed
  // failed: what ran before fails as well, so that the image is not what is wrong (a sick node).
  bool others_fail = false;
  // progressing: look again after this time if the target says nothing before.
  std::chrono::milliseconds again{1'000};
};

}  // namespace longshore
