// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/setup.h"

namespace longshore {

// Which repositories the targets run, by the last part of their path: to name the one that a sender
// may have meant when nothing runs what it spoke of (registry:5000/app, registry.example.com/app).
//
// Threads: safe from every thread. The picture is at most a second old.
class KnownRepositories {
 public:
  explicit KnownRepositories(const CurrentSetup& setup, const Clock& clock)
      : setup_(setup), clock_(clock) {}

  // The inventory is no longer what it was.
  void outdated();
  // The same path on another host, else the same last part; empty: there is none.
  std::string nearest(const Repository& repository);

 private:
  void rebuild();

  const CurrentSetup& setup_;
  const Clock& clock_;
  std::mutex mutex_;
  bool outdated_ = true;                                                   // guarded by mutex_
  SteadyTime built_{};                                                     // guarded by mutex_
  std::unordered_map<std::string, std::vector<Repository>> by_last_part_;  // guarded by mutex_
};

}  // namespace longshore
