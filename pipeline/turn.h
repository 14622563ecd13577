// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "pipeline/action.h"
#include "pipeline/audit_entry.h"
#include "pipeline/control.h"
#include "pipeline/decision.h"
#include "pipeline/target.h"

namespace longshore {

// One lane's turn, as a function that is pure but for the ids of actions that it draws: what waited
// for a repository, and what it means for the workloads that run it. No I/O; the caller writes the
// result in one transaction.

struct TurnInput {
  Repository repository;
  std::span<const Event> events;  // ascending by seq; empty when something else called for the turn
  std::span<const Candidate> candidates;
  std::span<const WorkloadPtr> workloads;  // of the targets that are synced
  const std::vector<PolicyRule>& rules;
  // Targets that are not synced: their workloads are decided when they are.
  std::span<const std::string> unsynced;
  // Targets where decisions are audited and nothing is done.
  std::set<std::string> observed;
  // What is held in these workloads, of any repository.
  std::span<const Hold> holds{};
  std::span<const Pause> pauses{};
  // Tags that the registry has not answered for yet, and what to say of it: where one of them wins,
  // the container waits.
  const std::map<Tag, std::string>* pending = nullptr;
  // A repository that is known and could have been meant, for the reason; may be empty.
  std::string nearest;
  Time now{};
  // Open actions of this repository. Where no event calls for the turn, what one of them does
  // already is not decided a second time.
  std::span<const Action> under_way{};
  // Our last changes of workloads that can be restarted, by target and id.
  std::map<std::pair<std::string, std::string>, std::vector<LastWrite>> written{};
};

struct TurnResult {
  // In the order in which they happened.
  std::vector<AuditEntry> audit;
  std::vector<Action> actions;
  // Workloads that were looked at and need no change: what is still unsent for them is outdated.
  struct Unchanged {
    std::string target;
    std::string workload;
    std::map<std::string, std::string> images;  // by container
  };
  std::vector<Unchanged> unchanged;
  // Of targets that are not synced, and of tags.
  std::vector<Wait> waits;
  // The min-age of its containers, where one is set.
  std::set<std::chrono::seconds> ages;
  // When to decide again although nothing has happened: a candidate is old enough then.
  std::optional<Time> due;
  // Policies that cannot be used, and the (target, workload, container) whose policy can.
  std::vector<BadPolicy> bad_policies;
  // The event that decided each event of the turn.
  std::map<Seq, EventId> decided_by;
  // The candidates that won somewhere, or would if more was known of them.
  std::set<Tag> winners;
  std::uint64_t updates = 0;  // decisions, by container
  std::uint64_t skips = 0;
};

// Each event has exactly one event that decided it, and each event has a line: its own, or one that
// names the event that decided it.
TurnResult take_turn(const TurnInput& input);

}  // namespace longshore
