// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "pipeline/store_writer.h"
#include "pipeline/target.h"

namespace longshore {

// What persons have said, as every turn of a lane has to know it: which images are held, and where
// nothing may be changed. In memory; the store has the same and gives it back at the next start.
//
// Threads: reading is safe from every thread and copies nothing but a pointer. The functions that
// change it are called within a command of the journal, as its last steps: what a later command
// writes is then already under the new rule.
class People {
 public:
  using Holds = std::shared_ptr<const std::vector<Hold>>;    // never null
  using Pauses = std::shared_ptr<const std::vector<Pause>>;  // never null

  Status load(PeopleReader& reader);

  // Those on images of this repository, of all workloads.
  Holds holds(const Repository& repository) const;
  std::vector<Hold> all_holds() const;  // oldest first
  Pauses pauses() const;

  // A hold or pause on the same things takes the place of the one before.
  Status hold(StoreWriter& writer, const Hold& hold);
  Status unhold(StoreWriter& writer, const Hold& hold);
  // What is decided there and not sent yet is superseded.
  Status pause(StoreWriter& writer, const Pause& pause);
  Status resume(StoreWriter& writer, const Pause& pause);

 private:
  void replace(const Repository& repository, std::vector<Hold> holds);  // with mutex_ held

  mutable std::mutex mutex_;
  std::unordered_map<Repository, Holds> holds_;                   // guarded by mutex_
  Pauses pauses_ = std::make_shared<const std::vector<Pause>>();  // guarded by mutex_
};

// Whether the two hold the same in the same place, whoever said so.
bool is_same(const Hold& a, const Hold& b);

// Those of the holds that are on this container.
std::vector<Hold> holds_on(std::span<const Hold> holds, const Workload& workload,
                           const std::string& container);

// The pause that holds there, the widest first; null: none.
const Pause* pause_on(std::span<const Pause> pauses, const std::string& target,
                      const std::string& workload);

// "everything is paused by ann: the audit", for a reason.
std::string in_words(const Pause& pause);

}  // namespace longshore
