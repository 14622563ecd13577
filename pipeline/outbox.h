// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/journal.h"
#include "pipeline/options.h"
#include "pipeline/target.h"

namespace longshore {

class RolloutWatch;

// Wait before attempt `attempts` + 1: a random time below first * 2^(attempts - 1), at most `most`
// ("full jitter": many actions that failed at once do not come back at once).
// REQUIRES: attempts >= 1, 0 <= random < 1
std::chrono::milliseconds backoff(int attempts, std::chrono::milliseconds first,
                                  std::chrono::milliseconds most, double random);

// Sends the decided actions of one target, one attempt after the other, until each has an end.
//
// The store is the truth: an action is marked in flight before its attempt and gets its outcome
// after it, each in a commit. Memory holds the order only. One action per workload is in flight at
// a time, oldest first; different workloads run side by side, as many as there are workers.
//
//   delivered   done
//   retry       waits, then again, for ever: a target that is away for a day is tried for a day
//   rejected    dead; `actions retry` revives it
//   conflict    the lane decides again, by on_conflict
//   forbidden   every action within that scope of rights (target.h) is parked; one of them is tried
//               each parked_retry, and when it is no longer forbidden all are ready again
//
// On a target that watches rollouts, each delivered action begins one, in the commit of its
// outcome; the digests that ran before are asked of the target before the first attempt, where
// nothing else has told them.
//
// Threads: the public functions are safe from every thread. The target outlives the Outbox.
class Outbox {
 public:
  struct Hooks {
    // Decide this repository again; `conflicts` in a row for this workload so far.
    std::function<void(const Repository&, int conflicts)> on_conflict;
    // A way back is in place, or what was decided cannot be done there.
    std::function<void(const Repository&)> decide_again;
  };
  struct Counters {
    std::atomic<std::uint64_t> outcomes[5]{};  // by Outcome
  };

  // watch: of this target; null where it watches none.
  Outbox(std::shared_ptr<Target> target, std::unique_ptr<RolloutWatch> watch,
         const PipelineOptions& options, Journal& journal, const Clock& clock, Hooks hooks);
  ~Outbox();  // stop()

  // REQUIRES: the action is in the store, open.
  void add(Action action);
  // Which right that workload's actions wait for; nothing: none is known to be missing.
  std::optional<std::string> parked(const std::string& workload) const;
  // A person wants it tried now, in the store it is ready already.
  void retry_now(Action action);
  // Its target's inventory is complete: until then no attempt is made.
  void target_synced();
  // Lets attempts that run come to their end, or their target's stop, and starts no more; ends the
  // watch.
  void stop();

  const Target& target() const noexcept { return *target_; }
  std::shared_ptr<Target> shared_target() const { return target_; }
  const Counters& counters() const noexcept { return counters_; }
  RolloutWatch* watch() const noexcept { return watch_.get(); }
  std::size_t waiting() const;  // actions that are not in flight

 private:
  struct Due {
    SteadyTime at;
    Action action;
  };
  // An attempt that is over.
  struct Settled {
    Action action;
    Delivery delivery;
    std::optional<std::string> obstacle;  // why none was made
    std::string scope;                    // of rights
    bool unparks = false;                 // the right is there again
    bool written = false;                 // in the store
  };
  void work(std::stop_token stop);
  std::optional<Action> next(std::stop_token stop);
  void attempt(Action action, std::stop_token stop);
  Status find_digests(Action& action, std::stop_token stop);
  Result<Rollout> begin_rollout(StoreWriter& writer, const Action& action, const std::string& mark);
  void settle(Action action, Delivery delivery, std::optional<std::string> obstacle);
  Status record(StoreWriter& writer, const Settled& settled, std::optional<Rollout>& rollout);
  int take_back(const Settled& settled, SteadyTime due);
  std::string scope_of(const Action& action) const;
  void release(const Action& action);
  // With mutex_ held: when that action is due at last; what is parked waits for its scope.
  SteadyTime due_of(const Due& due) const;
  void announce();  // with mutex_ held: something in the queue is different
  SteadyTime due_after(const Action& action, const Delivery& delivery) const;
  AuditEntry line_for(const Action& action, const Delivery& delivery) const;

  // Constant after construction
  const std::shared_ptr<Target> target_;
  const std::unique_ptr<RolloutWatch> watch_;
  const PipelineOptions& options_;
  Journal& journal_;
  const Clock& clock_;
  const Hooks hooks_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Due> queue_;                 // guarded by mutex_; oldest decision first
  std::set<std::string> busy_workloads_;  // guarded by mutex_
  std::map<std::string, int> conflicts_;  // guarded by mutex_; by workload, in a row
  std::uint64_t version_ = 0;             // guarded by mutex_; counts what wakes the workers
  // guarded by mutex_; scopes of rights that lack one, and when one of their actions is tried
  struct Parked {
    SteadyTime until{};
    std::string error{};
  };
  std::map<std::string, Parked, std::less<>> parked_;

  Counters counters_;
  std::vector<std::jthread> workers_;
};

}  // namespace longshore
