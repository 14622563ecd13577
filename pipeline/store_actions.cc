// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "pipeline/store_statements.h"

namespace longshore {
namespace {

// The numbers are those of ActionState. Unsent: ready, waiting, parked (1, 3, 6); open: these and
// in flight (2).
constexpr std::string_view kInsertAction =
    "INSERT INTO actions VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)";
constexpr std::string_view kInsertChange =
    "INSERT INTO action_changes VALUES(?1,?2,?3,?4,?5,?6,?7)";
constexpr std::string_view kSetFromDigest =
    "UPDATE action_changes SET from_digest = ?3 WHERE action = ?1 AND container = ?2";
// An open action with as many changes, all the same.
constexpr std::string_view kSameChange =
    "SELECT count(*) FROM actions a JOIN action_changes c ON c.action = a.id "
    "WHERE a.target = ?1 AND a.workload = ?2 AND a.repository = ?3 AND a.state IN (1, 2, 3, 6) "
    "AND c.container = ?4 AND c.from_image = ?5 AND c.to_image = ?6 AND c.to_digest IS ?8 "
    "AND (SELECT count(*) FROM action_changes d WHERE d.action = a.id) = ?7";
constexpr std::string_view kSupersede =
    "UPDATE actions SET state = 7 WHERE target = ?1 AND workload = ?2 AND repository = ?3 "
    "AND state IN (1, 3, 6) AND seq >= ?4";
constexpr std::string_view kSupersedeAll =
    "UPDATE actions SET state = 7 WHERE target = ?1 AND repository = ?2 AND state IN (1, 3, 6) "
    "AND seq > 0 AND way_back = 0";
constexpr std::string_view kBeginAttempt =
    "UPDATE actions SET state = 2, attempts = attempts + 1 WHERE id = ?1 AND state IN (1, 3, 6)";
constexpr std::string_view kEndAttempt =
    "UPDATE actions SET state = ?2, due = ?3, error = ?4 WHERE id = ?1 AND state = 2";
constexpr std::string_view kRetryAction =
    "UPDATE actions SET state = 1 WHERE id = ?1 AND state IN (3, 5, 6)";
constexpr std::string_view kParkTarget =
    "UPDATE actions SET state = 6, error = ?2 WHERE target = ?1 AND state IN (1, 3) "
    "AND substr(workload, 1, length(?3)) = ?3";
constexpr std::string_view kUnparkTarget =
    "UPDATE actions SET state = 1 WHERE target = ?1 AND state = 6 "
    "AND substr(workload, 1, length(?2)) = ?2";

// The dead stay: a person may want to see or to revive them.
constexpr std::string_view kPruneActions =
    "DELETE FROM actions WHERE id IN (SELECT id FROM actions WHERE state IN (4, 7, 8) "
    "AND created < ?1 ORDER BY id LIMIT ?2)";
constexpr std::string_view kPruneChanges =
    "DELETE FROM action_changes WHERE NOT EXISTS (SELECT 1 FROM actions WHERE id = action)";

}  // namespace

Status StoreWriter::prepare_actions(Database& database, Statements& statements) {
  const std::array<std::pair<Statement*, std::string_view>, 14> own = {{
      {&statements.insert_action, kInsertAction},
      {&statements.insert_change, kInsertChange},
      {&statements.set_from_digest, kSetFromDigest},
      {&statements.same_change, kSameChange},
      {&statements.supersede, kSupersede},
      {&statements.supersede_all, kSupersedeAll},
      {&statements.begin_attempt, kBeginAttempt},
      {&statements.end_attempt, kEndAttempt},
      {&statements.retry_action, kRetryAction},
      {&statements.park_target, kParkTarget},
      {&statements.unpark_target, kUnparkTarget},
      {&statements.prune_actions, kPruneActions},
      {&statements.prune_changes, kPruneChanges},
      {&statements.requeue, "UPDATE actions SET state = 1 WHERE state = 2"},
  }};
  return database.prepare_all(own);
}

Result<bool> StoreWriter::is_under_way(const Action& action) {
  Statement& same = statements_->same_change;
  for (const ContainerChange& change : action.changes) {
    const std::string from = change.from.str();
    const std::string to = change.to.str();
    same.bind(1, action.target).bind(2, action.workload).bind(3, action.repository.str());
    same.bind(4, change.container).bind(5, from).bind(6, to).bind(7, action.changes.size());
    bind_text(same, 8, change.to_digest);
    auto row = same.step();
    if (!row) return std::move(row).error();
    const bool found = same.integer(0) > 0;
    same.reset();
    if (!found) return false;
  }
  return true;
}

Status StoreWriter::insert_changes(const Action& action) {
  int position = 0;
  for (const ContainerChange& change : action.changes) {
    const std::string from = change.from.str();
    const std::string to = change.to.str();
    Statement& insert = statements_->insert_change;
    insert.bind_blob(1, action.id.bytes()).bind(2, position++).bind(3, change.container);
    insert.bind(4, from).bind(5, to);
    bind_text(insert, 6, change.from_digest);
    if (auto status = bind_text(insert, 7, change.to_digest).run(); !status) return status;
  }
  return Done{};
}

Result<bool> StoreWriter::insert_action(const Action& action) {
  auto under_way = is_under_way(action);
  if (!under_way) return std::move(under_way).error();
  if (*under_way) return false;
  auto superseded = supersede(action.target, action.workload, action.repository, Seq{0});
  if (!superseded) return std::move(superseded).error();

  Statement& insert = statements_->insert_action;
  insert.bind_blob(1, action.id.bytes()).bind(2, action.target).bind(3, action.workload);
  insert.bind(4, action.repository.str()).bind_blob(5, action.event.bytes()).bind(6, action.seq);
  insert.bind(7, action.reason).bind(8, static_cast<int>(action.state)).bind(9, action.attempts);
  insert.bind(10, micros(action.created)).bind(11, micros(action.due)).bind(12, action.error);
  insert.bind(13, action.way_back ? 1 : 0);
  if (auto status = insert.run(); !status) return std::move(status).error();
  if (auto status = insert_changes(action); !status) return std::move(status).error();
  return true;
}

Status StoreWriter::supersede(const std::string& target, const std::string& workload,
                              const Repository& repository) {
  return supersede(target, workload, repository, Seq{1});
}

Status StoreWriter::supersede_all(const std::string& target, const Repository& repository) {
  return statements_->supersede_all.bind(1, target).bind(2, repository.str()).run();
}

// A person's action has no event: its seq is 0.
Status StoreWriter::supersede(const std::string& target, const std::string& workload,
                              const Repository& repository, Seq from) {
  Statement& update = statements_->supersede;
  update.bind(1, target).bind(2, workload).bind(3, repository.str());
  return update.bind(4, from).run();
}

Result<bool> StoreWriter::begin_attempt(const ActionId& id) {
  auto status = statements_->begin_attempt.bind_blob(1, id.bytes()).run();
  if (!status) return std::move(status).error();
  return database_.changes() == 1;
}

Status StoreWriter::set_from_digests(const Action& action) {
  Statement& update = statements_->set_from_digest;
  for (const ContainerChange& change : action.changes) {
    update.bind_blob(1, action.id.bytes()).bind(2, change.container);
    if (auto status = bind_text(update, 3, change.from_digest).run(); !status) return status;
  }
  return Done{};
}

Status StoreWriter::end_attempt(const ActionId& id, ActionState state, Time due,
                                const std::string& error) {
  Statement& update = statements_->end_attempt;
  update.bind_blob(1, id.bytes()).bind(2, static_cast<int>(state)).bind(3, micros(due));
  return update.bind(4, error).run();
}

Result<bool> StoreWriter::retry_action(const ActionId& id) {
  auto status = statements_->retry_action.bind_blob(1, id.bytes()).run();
  if (!status) return std::move(status).error();
  return database_.changes() == 1;
}

Status StoreWriter::park_target(const std::string& target, const std::string& scope,
                                const std::string& error) {
  return statements_->park_target.bind(1, target).bind(2, error).bind(3, scope).run();
}

Status StoreWriter::unpark_target(const std::string& target, const std::string& scope) {
  return statements_->unpark_target.bind(1, target).bind(2, scope).run();
}

Result<int> StoreWriter::prune_actions(Time before, int limit) {
  auto status = statements_->prune_actions.bind(1, micros(before)).bind(2, limit).run();
  if (!status) return std::move(status).error();
  const int removed = database_.changes();
  if (removed > 0) status = statements_->prune_changes.run();
  if (!status) return std::move(status).error();
  return removed;
}

Status StoreWriter::requeue_in_flight() {
  return statements_->requeue.run();
}

}  // namespace longshore
