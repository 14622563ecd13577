// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>
#include <string>
#include <vector>

#include "pipeline/event.h"
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

  // unavailable: the store failed. busy: not within the time.
  Status wait(Seq seq, std::chrono::milliseconds at_most);

  void committed(Seq first, Seq last);
  // Wakes everybody who waits; nothing becomes durable any more.
  void fail(const std::string& why);

 private:
  using Range = std::pair<Seq, Seq>;
  std::atomic<Seq> value_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::priority_queue<Range, std::vector<Range>, std::greater<>> ahead_;  // guarded by mutex_
  std::string fault_;                                                     // guarded by mutex_
};

}  // namespace longshore
