// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "pipeline/control.h"
#include "pipeline/sweep_finder.h"

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
// Threads: every function is safe from every thread. Lifetime: the context outlives it.
class Sweeper {
 public:
  Sweeper(SweepContext context, StoreReader reader);
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

  void plan(const Repository& repository, const Setup& setup);
  std::vector<SweepQuestion> questions(const Repository& repository, const Setup& setup) const;
  void work(Host& host, const std::stop_token& stop);
  Status pace(Host& host, const std::stop_token& stop);
  void finish(Plan& plan, const Result<std::size_t>& found);

  const SweepContext context_;
  SweepFinder finder_;

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
