// SPDX-License-Identifier: Apache-2.0
#include "pipeline/durable_seq.h"

namespace longshore {

Status DurableSeq::check(Seq seq) const {
  if (value() >= seq) return Done{};
  const std::lock_guard lock(mutex_);
  if (!fault_.empty()) return Error{Errc::unavailable, fault_};
  return Error{Errc::busy, "the event is not on the disk yet"};
}

void DurableSeq::watch(DurableWatcher& watcher) {
  const std::lock_guard lock(mutex_);
  watchers_.push_back(&watcher);
}

void DurableSeq::unwatch(DurableWatcher& watcher) {
  const std::lock_guard lock(mutex_);
  std::erase(watchers_, &watcher);
}

void DurableSeq::committed(Seq first, Seq last) {
  ahead_.emplace(first, last);
  Seq end = value();
  while (!ahead_.empty() && ahead_.top().first == end + 1) {
    end = ahead_.top().second;
    ahead_.pop();
  }
  if (end == value()) return;
  value_.store(end, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  for (DurableWatcher* watcher : watchers_)
    watcher->durable_moved();
}

void DurableSeq::fail(const std::string& why) {
  const std::lock_guard lock(mutex_);
  fault_ = why;
  for (DurableWatcher* watcher : watchers_)
    watcher->durable_moved();
}

}  // namespace longshore
