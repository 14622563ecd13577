// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/rollout.h"
#include "pipeline/sqlite.h"

namespace longshore {

// The store's part for rollouts. Parts of StoreReader and StoreWriter; their rules hold here, too.

class RolloutReader {
 public:
  // Before anything else; the database outlives it.
  Status prepare(Database& database);

  // Those that are watched, oldest first.
  Result<std::vector<Rollout>> watching();
  // Newest first.
  Result<std::vector<Rollout>> newest(std::size_t limit);
  // The newest of the workload, whatever came of it.
  Result<std::optional<Rollout>> newest_of(const std::string& target, const std::string& workload);
  Result<std::optional<Rollout>> of_action(const ActionId& id);

 private:
  Result<std::vector<Rollout>> read(Statement& statement);
  Status read_parts(Rollout& rollout);

  Statement watching_, newest_, newest_of_, of_action_, parts_;
};

class RolloutWriter {
 public:
  Status prepare(Database& database);

  // Reads within the transaction.
  RolloutReader& reader() noexcept { return reader_; }

  // Watched from now on; one of the same workload that still is, is superseded. The same rollout a
  // second time (an action that was tried again) takes the place of the first.
  Status begin(const Rollout& rollout);
  // False: it is not watched any more, and nothing has changed.
  Result<bool> end(const Rollout& rollout);
  // Removes up to `limit` that ended before that time.
  Result<int> prune(Time before, int limit);

 private:
  RolloutReader reader_;
  Statement supersede_, insert_, insert_part_, remove_parts_, end_, prune_, prune_parts_;
};

}  // namespace longshore
