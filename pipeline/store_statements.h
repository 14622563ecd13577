// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "pipeline/store_rows.h"
#include "pipeline/store_writer.h"

namespace longshore {

// The prepared statements of StoreWriter, and how its files and its parts' bind values. Only they
// include this.
struct StoreWriter::Statements {
  Statement begin, commit, rollback, savepoint, release, rollback_to;
  Statement insert_event, finish_event, prune_events;
  Statement open_history, close_history;
  Statement put_wait, remove_waits, remove_tag_waits;
  Statement insert_audit, set_head, remove_audit;
  Statement insert_action, insert_change, set_from_digest, same_change, supersede, supersede_all,
      begin_attempt, end_attempt, retry_action, park_target, unpark_target, requeue, prune_actions,
      prune_changes;
  PeopleWriter people;
  RolloutWriter rollouts;
};

inline Statement& bind_time(Statement& statement, int index, const std::optional<Time>& time) {
  return time ? statement.bind(index, micros(*time)) : statement.bind_null(index);
}

template <class Value>
Statement& bind_text(Statement& statement, int index, const std::optional<Value>& value) {
  return value ? statement.bind(index, std::string_view(value->str())) : statement.bind_null(index);
}

}  // namespace longshore
