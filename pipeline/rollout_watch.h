// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/journal.h"
#include "pipeline/people.h"
#include "pipeline/platforms.h"
#include "pipeline/resolver.h"
#include "pipeline/setup.h"
#include "pipeline/way_back.h"

namespace longshore {

// What all watches share. Lifetime: the engine's.
struct RolloutContext {
  Journal& journal;
  People& people;
  const CurrentSetup& setup;
  const Clock& clock;
  Resolver* resolver = nullptr;  // null: registries cannot be asked
  std::shared_ptr<Platforms> platforms;
  // Gives an action that is in the store to its outbox.
  std::function<void(Action)> send;
  // Decide this repository again.
  std::function<void(const Repository&)> kick;
};

// Follows the rollouts of one target to their end.
//
// A rollout that fails is undone: in one transaction it is ended, what it wrote is held in the
// workload, and the action of its way back is added. Where no way back is known, where the policy
// says `rollback: false`, and for what is a way back itself, it is reported and held. While what
// ran before fails as well, and while a pause holds there, nothing is done and it is looked at on.
//
// The registry is asked what can be gone back to (way_back.h); one that does not answer for
// kPatience is not waited for: digests are written then. Where there will be no way back, how far
// the rollout is says so from its first look on.
//
// The store has every rollout that is watched, and the next start goes on with them: what is seen
// here is seen anew each time.
//
// Threads: every function is safe from every thread; two threads of its own look. Lifetime: the
// target and the context outlive it.
class RolloutWatch {
 public:
  RolloutWatch(Target& target, const RolloutContext& context);
  ~RolloutWatch();  // stop()

  // REQUIRES: it is in the store. Takes the place of one of the same workload.
  void add(Rollout rollout);
  // Why the action must not be made at all: then what it would have written is held.
  std::optional<std::string> obstacle(const Action& action, const std::stop_token& stop);
  Status hold(StoreWriter& writer, const Action& action, const std::string& why);
  // Something may be different there.
  void moved(const std::string& workload);
  void stop();

  // With how far they are; oldest first, at most `limit`.
  std::vector<Rollout> watching(std::size_t limit) const;
  std::string progress_of(const std::string& workload) const;  // "" where none is watched
  std::size_t size() const;

  static constexpr std::chrono::seconds kPatience{30};
  // What failed while all failed has this long to come up after that.
  static constexpr std::chrono::seconds kConvalescence{60};

 private:
  struct Entry {
    Rollout rollout;
    SteadyTime due{};
    bool looked_at = false;                   // by a thread, just now
    bool again = false;                       // something has changed meanwhile
    std::optional<SteadyTime> sick_at{};      // what ran before failed as well, the last time
    std::optional<SteadyTime> asked_since{};  // the registry, without an answer
    std::optional<std::string> warning{};     // of what is missing to go back; nothing: not known
  };
  // What is to be done about one rollout.
  struct Verdict {
    std::optional<RolloutState> end{};
    std::string detail{};  // how far it is, or why it ended
    std::chrono::milliseconds again{0};
    std::vector<Hold> holds{};
    std::optional<Action> way_back{};
    std::optional<std::string> warning{};
    bool registry_is_silent = false;
    bool others_fail = false;
  };

  void work(const std::stop_token& stop);
  std::optional<Entry> next(const std::stop_token& stop);
  Verdict look(const Entry& entry, const std::stop_token& stop);
  Verdict fail(const Entry& entry, const RolloutSight& sight);
  Result<WayBack> way_back_of(const Entry& entry) const;
  bool may_roll_back(const Rollout& rollout) const;
  std::optional<std::string> warning_for(const Rollout& rollout);
  Status ask_for(const Repository& repository, const Digest& digest);
  Action action_for(const Rollout& rollout, std::vector<ContainerChange> changes,
                    const std::string& why) const;
  void settle(Entry entry, Verdict verdict);
  bool write_end(const Rollout& rollout, const Verdict& verdict);
  AuditEntry line_for(const Rollout& rollout, const Verdict& verdict) const;
  void schedule(const std::string& workload, SteadyTime due);  // with mutex_ held

  Target& target_;
  const RolloutContext& context_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Entry> entries_;                   // guarded by mutex_; by workload
  std::set<std::pair<SteadyTime, std::string>> schedule_;  // guarded by mutex_
  // guarded by mutex_; when digests were found last, and registries (their hosts) silent
  std::map<std::string, SteadyTime, std::less<>> asked_;
  std::vector<std::jthread> threads_;
};

}  // namespace longshore
