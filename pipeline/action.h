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

// One container's part of an action.
struct ContainerChange {
  std::string container;
  ImageRef from;  // what was decided upon, in its own spelling
  ImageRef to;
  std::optional<Digest> from_digest;  // the way back, where it is known
  std::optional<Digest> to_digest{};  // behind `to`, where it is known
};

// What our last completed action left in one container, and what stood there before it.
struct LastWrite {
  std::string container;
  ImageRef image;
  std::optional<Digest> digest;  // behind it, where it is known
  ImageRef from;
  std::optional<Digest> from_digest;
  ActionId action;
  Time at{};
};

// The numbers are in the store: never renumber.
enum class ActionState : std::uint8_t {
  ready = 1,
  in_flight = 2,
  waiting = 3,     // for its next attempt, at `due`
  done = 4,        // its effect is in place
  dead = 5,        // never again, unless a person says `actions retry`
  parked = 6,      // until the target's rights or configuration change
  superseded = 7,  // a newer decision took its place before it was sent
  conflicted = 8,  // the object was not what was decided upon: decided again
};

std::string_view name_of(ActionState state) noexcept;  // "in flight"

// One change to one workload: all its containers that move together.
struct Action {
  ActionId id;
  std::string target;
  std::string workload;
  Repository repository;  // whose lane decided it
  std::vector<ContainerChange> changes;
  EventId event;  // that decided it; for a person's order the id of its audit line
  Seq seq = 0;    // of that event; 0: a person ordered it, and no decision takes it back
  std::string reason;
  ActionState state = ActionState::ready;
  int attempts = 0;
  Time created{};
  Time due{};             // for waiting
  std::string error;      // of the last attempt
  bool way_back = false;  // goes back to what ran before: never undone if it fails
};

// Whether both change the same workload in the same way, whatever the order of its containers.
bool is_same_change(const Action& a, const Action& b);

// What came of one attempt. A closed list: each target maps what it sees to one of these.
enum class Outcome {
  delivered,  // the effect is in place, now or already
  retry,      // not this time: refused, timed out, 408, 429, 5xx
  rejected,   // not ever: 400, 404, a change that the object cannot express
  forbidden,  // 401, 403, a read-only folder: a right is missing; the target's actions are parked
  conflict,   // the object is not what was decided upon
};

std::string_view name_of(Outcome outcome) noexcept;

struct Delivery {
  Outcome outcome = Outcome::retry;
  std::string detail;  // for the audit
  std::optional<std::chrono::milliseconds> retry_after;
  // delivered: by what the target tells its state after this change from the one before
  // (Kubernetes: metadata.generation).
  std::string mark{};
};

}  // namespace longshore
