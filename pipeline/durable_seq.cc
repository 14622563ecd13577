// SPDX-License-Identifier: Apache-2.0
#include "pipeline/durable_seq.h"

namespace longshore {

Status DurableSeq::wait(Seq seq, std::chrono::milliseconds at_most) {
  if (value() >= seq) return Done{};
  std::unique_lock lock(mutex_);
  const bool over =
      changed_.wait_for(lock, at_most, [&] { return value() >= seq || !fault_.empty(); });
  if (value() >= seq) return Done{};
  if (over) return Error{Errc::unavailable, fault_};
  return Error{Errc::busy, "the event is not on the disk yet"};
}

void DurableSeq::committed(Seq first, Seq last) {
  {
    const std::lock_guard lock(mutex_);
    ahead_.emplace(first, last);
    Seq end = value();
    while (!ahead_.empty() && ahead_.top().first == end + 1) {
      end = ahead_.top().second;
      ahead_.pop();
    }
    value_.store(end, std::memory_order_release);
  }
  changed_.notify_all();
}

void DurableSeq::fail(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    fault_ = why;
  }
  changed_.notify_all();
}

}  // namespace longshore
