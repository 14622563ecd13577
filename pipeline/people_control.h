// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/action.h"
#include "pipeline/decision.h"
#include "pipeline/intake.h"
#include "pipeline/rollout.h"

namespace longshore {

// Nothing is changed there until it is resumed: a person said so. Both names empty: everywhere.
struct Pause {
  std::string target;
  std::string workload;  // empty: the whole target
  std::string reason;
  std::string actor;
  Time since{};
};

// Which workloads are meant, as a person writes it. `workload`: "target: id", or any part of it
// that only one workload matches; empty: all. `target`: only those of this target.
struct Scope {
  std::string workload;
  std::string target;
};

struct HoldRequest {
  Scope scope;            // one workload
  std::string reference;  // a tag, a digest, or a whole reference with one of them
  std::string container;  // empty: each
  std::string reason;
};

struct Resumed {
  Pause ended;
  std::vector<Pause> still;  // that hold for the same workloads, or a part of them
};

// What would become of one container now.
struct PlannedContainer {
  std::string target;
  std::string workload;
  std::string container;
  ImageRef image;        // what is written there
  std::string decision;  // as in the audit: "update", "skip", "wait"; "none" without a policy
  std::string to;        // for update
  std::string reason;
  bool observed = false;                   // it would be decided and not done
  std::vector<Verdicts::Line> candidates;  // as explain() gives them
};

struct Plan {
  std::vector<PlannedContainer> containers;  // at most 1000
  std::size_t left_out = 0;                  // containers beyond these
  std::vector<std::string> unsynced;  // targets that are not read completely: not in the plan
};

struct RolledBack {
  Action action;
  std::vector<Hold> holds;  // what is rolled back from
};

// What has become of an event or an image, for somebody who waits for it.
struct Progress {
  enum class State {
    unknown,    // nobody has told of the image yet
    pending,    // it is not decided, waits, or is on its way
    nothing,    // it is decided, and nothing is or was to be done; or something newer was
    completed,  // everything that was to be done is done, and has come up
    failed,     // some of it never came up, or cannot be done
  };
  State state = State::unknown;
  std::string detail;  // in words: what is waited for, or why it ended so
  std::vector<Action> actions;
  std::vector<Rollout> rollouts;  // that these actions began
};

std::string_view name_of(Progress::State state) noexcept;  // "completed"

// What persons may say and ask through the control socket. `actor` is who says it, for the audit.
//
// A scope that names no workload or target is not_found and names near ones; one that more than one
// workload matches is invalid_input and names them.
//
// Threads: every function is safe from every thread. What was said is durable on return.
class PeopleControl {
 public:
  virtual ~PeopleControl() = default;

  // Nothing new is begun there from the return on, and what is decided and not sent is taken back;
  // an attempt that is under way comes to its end. A second pause replaces the reason of the first.
  virtual Result<Pause> pause(const Scope& scope, const std::string& reason,
                              const std::string& actor) = 0;
  // What is paused is decided again. not_found: exactly this is not paused.
  virtual Result<Resumed> resume(const Scope& scope, const std::string& actor) = 0;

  // The image is no candidate for the workload until unhold().
  // conflict: no container of the workload runs that image, or it is not clear which one is meant.
  virtual Result<std::vector<Hold>> hold(const HoldRequest& request, const std::string& actor) = 0;
  // Ends the holds on the workload, or those on one reference or container, whoever made them. What
  // persons have set there counts as known: it is not held again. not_found: there is none.
  virtual Result<std::vector<Hold>> unhold(const HoldRequest& request,
                                           const std::string& actor) = 0;

  virtual Result<Plan> plan(const Scope& scope) const = 0;

  // of: an event's id, or an image with a tag, a digest or both. not_found: there is no such event.
  virtual Result<Progress> progress_of(const std::string& of) const = 0;

  // The event is accepted once more, with an id of its own, and decided. not_found; conflict: it is
  // one that is never acted upon.
  virtual Result<Accepted> replay(const EventId& id, const std::string& actor) = 0;

  // Sets the image that ran before the last completed action, or `to`: a tag, a digest or a whole
  // reference. What it is rolled back from is held with all that the policy ranks below it. A pause
  // does not stop it. conflict: nothing is known to go back to, or it stands there already.
  virtual Result<RolledBack> rollback(const Scope& scope, const std::string& to,
                                      const std::string& actor) = 0;
};

}  // namespace longshore
