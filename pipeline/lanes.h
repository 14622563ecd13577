// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "pipeline/event.h"

namespace longshore {

// What a worker takes: all that waits for one repository.
struct Turn {
  Repository repository;
  std::vector<Seq> seqs;  // ascending; empty if something other than an event calls for it
};

// Which repositories have work, and which of them somebody works on.
//
// A lane is the state of one repository, not a thread: the events that wait and whether a worker is
// on it. So two turns of one repository never run at once, different ones run side by side, and a
// lane that has to wait until some time (parked) costs memory only. A lane without work is gone.
// It holds seqs; the events are in the store.
//
// Threads: every function is safe from every thread.
class Lanes {
 public:
  void add(const Repository& repository, Seq seq);
  void add(std::span<const Event> events);
  // Something other than an event calls for a decision: a manifest changed, a target is synced.
  void kick(const Repository& repository);
  // The same, not before that time; events of the repository wait as well until then.
  void kick_at(const Repository& repository, SteadyTime due);
  // A kick at that time. Until then the lane is as if nothing had been said, and an earlier kick
  // does not undo it. Of several times for one repository the earliest counts.
  void wake_at(const Repository& repository, SteadyTime due);

  // Waits for ready lanes until the deadline and takes up to `most`; they are busy until finish()
  // or put_back(). Empty: none by then, or closed.
  std::vector<Turn> take(std::size_t most, SteadyTime deadline);
  void finish(const Repository& repository);
  // The turn could not be decided: again at that time, with what came in between.
  void put_back(Turn turn, SteadyTime due);

  // Nobody waits in take() any more.
  void close();

  std::size_t size() const;  // lanes with work, parked ones included

 private:
  struct Lane {
    std::vector<Seq> seqs;
    bool kicked = false;
    bool busy = false;
    bool queued = false;                   // in ready_
    std::optional<SteadyTime> not_before;  // parked until then

    bool has_work() const { return kicked || !seqs.empty(); }
  };
  using Table = std::unordered_map<Repository, Lane>;

  void offer(const Repository& repository, Lane& lane);  // all with mutex_ held
  void park(const Repository& repository, Lane& lane, SteadyTime due);
  void unpark_due(SteadyTime now);
  void ring(SteadyTime now);
  SteadyTime next_time(SteadyTime latest) const;

  mutable std::mutex mutex_;
  std::condition_variable ready_changed_;
  Table lanes_;                                                 // guarded by mutex_
  std::deque<Repository> ready_;                                // guarded by mutex_
  std::multimap<SteadyTime, Repository> parked_;                // guarded by mutex_
  std::map<Repository, SteadyTime> timers_;                     // guarded by mutex_
  std::set<std::pair<SteadyTime, Repository>> timers_by_time_;  // guarded by mutex_; the same
  bool closed_ = false;                                         // guarded by mutex_
};

}  // namespace longshore
