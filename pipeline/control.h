// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/action.h"
#include "pipeline/crypto.h"
#include "pipeline/people_control.h"
#include "pipeline/target.h"

namespace longshore {

// One number of /metrics. Several with one name differ in their labels.
struct Metric {
  enum class Type { counter, gauge };
  std::string name;  // "longshore_events_accepted_total"
  std::string help;
  Type type = Type::counter;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

struct HistoryEntry {
  Tag tag;
  std::optional<Digest> digest;
  Time since{};
  std::optional<Time> until;  // another digest, or the tag's deletion, took its place
  EventId event;
  Seq seq = 0;
  bool verified = false;  // the registry said so, not only a notification
};

// What waits for a condition or a time, and why. Either a target is not read completely yet, and
// the whole repository waits for it, or one tag waits: for its registry, or for its age.
struct Wait {
  std::string target;  // empty: no target's matter
  Repository repository;
  std::optional<Tag> tag;
  std::string reason;
  Time since{};
  std::optional<Time> due;
};

// A policy or annotation that cannot be used; its container is left alone.
struct BadPolicy {
  std::string target;
  std::string workload;
  std::string container;
  std::string message;
};

struct TargetStatus {
  std::string name;
  std::string type;
  TargetState state;
  bool observed = false;  // mode: observe
};

// How far the asking of registries for tags is.
struct SweepStatus {
  std::size_t repositories = 0;  // that are asked about
  std::size_t waiting = 0;       // due and not done yet
  std::uint64_t done = 0;        // sweeps of one repository, since the start
  std::uint64_t found = 0;       // tags and digests that no notification had told
  std::optional<Time> oldest;    // of the last sweeps, the one that is longest ago
  std::vector<Wait> failing;     // repositories whose sweep fails, and why; at most 100
};

struct StatusReport {
  Time started{};
  bool accepting = false;
  std::string fault;           // why it does not accept; empty if it does
  std::uint64_t accepted = 0;  // events, since the start
  std::uint64_t duplicates = 0;
  std::uint64_t refused = 0;
  std::uint64_t backlog = 0;  // events not yet decided; at least the lanes with work
  Seq durable = 0;
  std::vector<TargetStatus> targets;
  std::map<std::string, std::uint64_t> actions;  // by name_of(ActionState)
  std::vector<Action> troubled;  // dead, parked and waiting for a retry; at most 100
  // Those that are watched, with how far they are, then those that failed within a day; at most 100
  std::vector<Rollout> rollouts;
  std::vector<Wait> waits;  // at most 100
  SweepStatus sweep;
  std::vector<BadPolicy> bad_policies;  // at most 100
  std::vector<Pause> pauses;
  std::vector<Hold> holds;  // the newest, at most 100; oldest first
};

struct AuditHead {
  std::uint64_t lines = 0;  // ever written
  Sha256 hash{};            // of the last of them
};

// What operators may ask of a running pipeline, through the control socket and the API.
//
// Threads: every function is safe from every thread and answers from memory or from a reader of
// the store, in at most a second.
class Control {
 public:
  virtual ~Control() = default;
  virtual StatusReport status() const = 0;
  virtual std::vector<Metric> metrics() const = 0;
  // Newest first, at most `limit`; one state only where given.
  virtual Result<std::vector<Action>> actions(std::optional<ActionState> state,
                                              std::size_t limit) const = 0;
  // not_found: no such action; conflict: it is not dead, parked or waiting.
  virtual Status retry_action(const ActionId& id, const std::string& actor) = 0;
  // Newest first, at most `limit`.
  virtual Result<std::vector<HistoryEntry>> history(const Repository& repository,
                                                    std::size_t limit) const = 0;
  virtual AuditHead audit_head() const = 0;
  // Holds, pauses, plans and what else persons say.
  virtual PeopleControl& people() = 0;
};

}  // namespace longshore
