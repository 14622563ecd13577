// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/action.h"
#include "pipeline/audit_entry.h"
#include "pipeline/control.h"
#include "pipeline/history.h"
#include "pipeline/options.h"
#include "pipeline/sqlite.h"
#include "pipeline/store_people.h"
#include "pipeline/store_rollouts.h"

namespace longshore {

// What may be written to the store, each call within the transaction that the journal has open.
//
// Threads: the journal's thread only. A failed call leaves its part undone; the journal then undoes
// the command (conflict, invalid_input) or gives up the store (io).
class StoreWriter {
 public:
  StoreWriter(StoreWriter&&) noexcept;
  StoreWriter& operator=(StoreWriter&&) noexcept;
  ~StoreWriter();

  // REQUIRES: the schema is the newest.
  static Result<StoreWriter> open(Database database);

  // -- transactions: the journal's business
  Status begin();
  Status commit();  // with the audit's head
  Status rollback();
  Status savepoint();
  Status release();
  Status rollback_to_savepoint();
  Status checkpoint_if_long();  // outside a transaction

  // -- events
  // An actionable event is open until finish_event().
  Status insert_event(const Event& event);
  Status finish_event(Seq seq, const EventId& decided_by);
  // Removes up to `limit` of the oldest finished events that are older than `before` or more than
  // `keep` behind the newest. Returns how many.
  Result<int> prune_events(Time before, std::uint64_t keep, int limit);

  // -- history
  Status apply(const HistoryChange& change);

  // -- lists of tags (store_sweep.cc): these were in one; the first whole one has been seen
  Status mark_listed(const Repository& repository, std::span<const Tag> tags, Time now);
  Status end_list(const Repository& repository, Time now);

  // -- waits: one for each (target, repository) or, without a target, (repository, tag)
  Status put_wait(const Wait& wait);
  Status remove_waits(const std::string& target);
  // Removes those of the repository's tags that are not among these.
  Status keep_tag_waits(const Repository& repository, std::span<const Wait> waits);

  // -- actions
  // Adds the action and supersedes the unsent ones of the same target, workload and repository.
  // False, and nothing is written: an open action already makes the same changes.
  Result<bool> insert_action(const Action& action);
  // Supersedes the unsent actions of the workload that this repository's lane decided; not those
  // that a person ordered.
  Status supersede(const std::string& target, const std::string& workload,
                   const Repository& repository);
  // The same for all workloads of a target that is decided again when it is synced; ways back stay.
  Status supersede_all(const std::string& target, const Repository& repository);
  // From ready, waiting or parked to in flight. False: it is in none of these any more.
  Result<bool> begin_attempt(const ActionId& id);
  // What its containers ran before, found out before the first attempt.
  Status set_from_digests(const Action& action);
  Status end_attempt(const ActionId& id, ActionState state, Time due, const std::string& error);
  // Dead, parked and waiting actions become ready. False: it is in none of these.
  Result<bool> retry_action(const ActionId& id);
  // Every open action of the target whose workload begins so is parked with this error.
  Status park_target(const std::string& target, const std::string& scope, const std::string& error);
  Status unpark_target(const std::string& target, const std::string& scope);
  // After a restart: what was in flight is ready to be tried again.
  Status requeue_in_flight();

  // Removes up to `limit` actions that are not open and were decided before that time. Returns how
  // many.
  Result<int> prune_actions(Time before, int limit);

  // -- what persons said, and what they may undo
  PeopleWriter& people() noexcept;
  RolloutWriter& rollouts() noexcept;

  // -- audit
  Status audit(const AuditEntry& entry);
  Status remove_audit_lines(std::uint64_t up_to);  // they are safe in the file
  const AuditHead& audit_head() const { return head_; }

 private:
  struct Statements;
  StoreWriter(Database database, std::unique_ptr<Statements> statements, AuditHead head);
  static Status prepare_actions(Database& database, Statements& statements);
  Result<bool> is_under_way(const Action& action);
  Status supersede(const std::string& target, const std::string& workload,
                   const Repository& repository, Seq from);
  Status insert_changes(const Action& action);

  Database database_;
  std::unique_ptr<Statements> statements_;
  AuditHead head_;            // with the lines of the open transaction
  AuditHead committed_head_;  // what a rollback returns to
  AuditHead savepoint_head_;
};

}  // namespace longshore
