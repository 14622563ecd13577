// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "pipeline/audit_entry.h"
#include "pipeline/clock.h"
#include "pipeline/control.h"
#include "pipeline/intake.h"
#include "pipeline/journal.h"
#include "pipeline/resolver.h"
#include "pipeline/setup.h"
#include "pipeline/store_reader.h"
#include "pipeline/sweep.h"

namespace longshore {

// Asks registries what there is, for what no notification tells: at the start, when a repository is
// first run by a workload or its policy changes, and every so often. What it finds is accepted as
// an event of the source "sweep", and everything else is as for a notification.
//
// Gentle: one thread for each registry, one request at a time, at most
// SweepOptions::requests_per_second, with jitter, so that nothing is asked of everybody at once. A
// tag whose digest is followed costs one HEAD. A registry that fails is asked again later and
// later.
//
// A tag that an earlier list did not have is news, and was pushed in between. What the first list
// of a repository shows is as old as may be: of it, only what would win is taken up.
//
// Threads: every function is safe from every thread. Lifetime: the context outlives it.
class Sweeper {
 public:
  struct Context {
    Resolver* resolver;  // null: nothing is ever asked
    const CurrentSetup& setup;
    Intake& intake;
    Journal& journal;
    const Clock& clock;
    std::function<std::vector<Hold>(const Repository&)> holds;
    std::function<void(AuditEntry)> audit;
  };
  Sweeper(Context context, StoreReader reader);
  ~Sweeper();  // stop()

  // The workloads of the repository, or of all of them, may be others now: looked at with tick().
  void outdated(const Repository& repository);
  void all_outdated();
  // A notification may have left tags out: asked again soon, once for a burst of them.
  void soon(const Repository& repository);
  // Housekeeping, once a second or so: takes up what is outdated.
  void tick();
  void stop();

  SweepStatus status() const;

 private:
  struct Plan;
  struct Host;
  using Found = std::vector<Event>;

  void plan(const Repository& repository, const Setup& setup);
  std::vector<SweepQuestion> questions(const Repository& repository, const Setup& setup) const;
  void work(Host& host, const std::stop_token& stop);
  Status sweep(const Repository& repository, Host& host, const std::stop_token& stop);
  Status look_at_followed(const Repository& repository, const std::set<Tag>& tags, Host& host,
                          const std::stop_token& stop);
  Status list(const Repository& repository, std::vector<SweepQuestion> questions, Host& host,
              const std::stop_token& stop);
  Status take_up(const Repository& repository, const std::vector<Tag>& tags, EventKind kind);
  Status accept(const Repository& repository, Found events);
  bool is_missed(const Repository& repository, EventKind kind, bool notified) const;
  Result<std::vector<Tag>> unknown(const Repository& repository, std::vector<Tag> tags);
  void pace(Host& host, const std::stop_token& stop);
  void finish(Plan& plan, const Status& status);
  Event event_of(const Repository& repository, const Tag& tag, EventKind kind) const;

  const Context context_;

  std::mutex reader_mutex_;
  StoreReader reader_;  // guarded by reader_mutex_

  mutable std::mutex mutex_;
  // guarded by mutex_
  std::unordered_set<Repository> outdated_;
  bool all_outdated_ = false;
  std::unordered_map<Repository, std::shared_ptr<Plan>> plans_;
  std::map<std::string, std::unique_ptr<Host>, std::less<>> hosts_;
  std::uint64_t done_ = 0;
  std::uint64_t found_ = 0;
  bool stopping_ = false;
};

}  // namespace longshore
