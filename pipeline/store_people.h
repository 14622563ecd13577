// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pipeline/action.h"
#include "pipeline/people_control.h"
#include "pipeline/sqlite.h"

namespace longshore {

// The store's part for what persons say: holds, pauses, and what we wrote last, by which it is seen
// that a person has undone it. Parts of StoreReader and StoreWriter; their rules hold here, too.

class PeopleReader {
 public:
  // Before anything else; the database outlives it.
  Status prepare(Database& database);

  Result<std::vector<Hold>> holds();
  Result<std::vector<Pause>> pauses();
  // One for each container that an action of ours has changed.
  Result<std::vector<LastWrite>> written(const std::string& target, const std::string& workload);
  // Whether an action for the workload is ready, in flight or waiting.
  Result<bool> has_open_action(const std::string& target, const std::string& workload);
  Result<Seq> seq_of(const EventId& id);  // 0: not known
  // The event that decided this one; nothing: it is not decided yet.
  Result<std::optional<EventId>> decided_by(Seq seq);

 private:
  Statement holds_, pauses_, written_, open_actions_, seq_of_, decided_by_;
};

class PeopleWriter {
 public:
  Status prepare(Database& database);

  // A hold or pause on the same things takes the place of the one before.
  Status put_hold(const Hold& hold);
  Status remove_hold(const Hold& hold);
  Status put_pause(const Pause& pause);
  Status remove_pause(const Pause& pause);
  // Supersedes all that is unsent where the pause holds, but for what a person ordered.
  Status take_back(const Pause& pause);

  // REQUIRES: the action is done.
  Status put_written(const Action& action, Time now);
  // What stands there counts as a person's will from now on: nothing is undone any more.
  Status forget_written(const std::string& target, const std::string& workload,
                        const std::string& container);

 private:
  Statement put_hold_, remove_hold_, put_pause_, remove_pause_, take_back_;
  Statement put_written_, forget_written_;
};

}  // namespace longshore
