// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <queue>
#include <string>
#include <vector>

#include "pipeline/event.h"
#include "pipeline/intake.h"
#include "pipeline/result.h"

namespace longshore {

// Up to which seq everything is on the disk. The journal moves it forward, replies wait for it.
//
// Commits can come out of the order of the seqs, since the queue keeps order per producer only:
// value() is the end of the run that has no gap.
//
// Threads: committed() and fail() from the journal's thread, the rest from any.
class DurableSeq {
 public:
  explicit DurableSeq(Seq durable) : value_(durable) {}

  Seq value() const noexcept { return value_.load(std::memory_order_acquire); }
  // As Intake::durable().
  Status check(Seq seq) const;

  void watch(DurableWatcher& watcher);
  void unwatch(DurableWatcher& watcher);

  void committed(Seq first, Seq last);
  // Nothing becomes durable any more.
  void fail(const std::string& why);

 private:
  using Range = std::pair<Seq, Seq>;
  std::atomic<Seq> value_;
  // The journal's thread only.
  std::priority_queue<Range, std::vector<Range>, std::greater<>> ahead_;
  mutable std::mutex mutex_;
  // Guarded by mutex_, which is held while watchers are told:
  std::string fault_;
  std::vector<DurableWatcher*> watchers_;
};

}  // namespace longshore
