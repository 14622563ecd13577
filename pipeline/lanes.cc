// SPDX-License-Identifier: Apache-2.0
#include "pipeline/lanes.h"

#include <algorithm>

namespace longshore {
namespace {

// Bounds the memory of a turn; what is left is the next one.
constexpr std::size_t kMostEventsInTurn = 5'000;

std::vector<Seq> take_oldest(std::vector<Seq>& waiting) {
  std::sort(waiting.begin(), waiting.end());
  if (waiting.size() <= kMostEventsInTurn) return std::exchange(waiting, {});
  const auto end = waiting.begin() + kMostEventsInTurn;
  std::vector<Seq> oldest(waiting.begin(), end);
  waiting.erase(waiting.begin(), end);
  return oldest;
}

}  // namespace

void Lanes::offer(const Repository& repository, Lane& lane) {
  if (lane.busy || lane.queued || lane.not_before || !lane.has_work()) return;
  lane.queued = true;
  ready_.push_back(repository);
  ready_changed_.notify_one();
}

void Lanes::add(const Repository& repository, Seq seq) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[repository];
  lane.seqs.push_back(seq);
  offer(repository, lane);
}

void Lanes::add(std::span<const Event> events) {
  const std::lock_guard lock(mutex_);
  for (const Event& event : events) {
    Lane& lane = lanes_[event.repository];
    lane.seqs.push_back(event.seq);
    offer(event.repository, lane);
  }
}

void Lanes::kick(const Repository& repository) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[repository];
  lane.kicked = true;
  offer(repository, lane);
}

void Lanes::kick_at(const Repository& repository, SteadyTime due) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[repository];
  lane.kicked = true;
  if (!lane.busy && !lane.queued && !lane.not_before && lane.seqs.empty()) {
    park(repository, lane, due);
  } else {
    offer(repository, lane);
  }
}

void Lanes::wake_at(const Repository& repository, SteadyTime due) {
  const std::lock_guard lock(mutex_);
  const auto at = timers_.find(repository);
  if (at != timers_.end()) {
    if (at->second <= due) return;
    timers_by_time_.erase({at->second, repository});
  }
  timers_.insert_or_assign(repository, due);
  timers_by_time_.emplace(due, repository);
  ready_changed_.notify_one();  // whoever waits may have to wait less
}

// The timers that are due become kicks.
void Lanes::ring(SteadyTime now) {
  while (!timers_by_time_.empty() && timers_by_time_.begin()->first <= now) {
    const Repository repository = timers_by_time_.begin()->second;
    timers_by_time_.erase(timers_by_time_.begin());
    timers_.erase(repository);
    Lane& lane = lanes_[repository];
    lane.kicked = true;
    offer(repository, lane);
  }
}

// When something becomes ready by time alone.
SteadyTime Lanes::next_time(SteadyTime latest) const {
  if (!parked_.empty()) latest = std::min(latest, parked_.begin()->first);
  if (!timers_by_time_.empty()) latest = std::min(latest, timers_by_time_.begin()->first);
  return latest;
}

void Lanes::park(const Repository& repository, Lane& lane, SteadyTime due) {
  lane.not_before = due;
  parked_.emplace(due, repository);
  ready_changed_.notify_one();  // whoever waits may have to wait less
}

void Lanes::unpark_due(SteadyTime now) {
  while (!parked_.empty() && parked_.begin()->first <= now) {
    const Repository repository = parked_.begin()->second;
    parked_.erase(parked_.begin());
    const auto at = lanes_.find(repository);
    if (at == lanes_.end()) continue;
    at->second.not_before.reset();
    offer(repository, at->second);
  }
}

std::vector<Turn> Lanes::take(std::size_t most, SteadyTime deadline) {
  std::vector<Turn> turns;
  std::unique_lock lock(mutex_);
  for (;;) {
    const SteadyTime now = std::chrono::steady_clock::now();
    unpark_due(now);
    ring(now);
    if (!ready_.empty() || closed_ || now >= deadline) break;
    ready_changed_.wait_until(lock, next_time(deadline));
  }
  while (!closed_ && !ready_.empty() && turns.size() < most) {
    const Repository repository = std::move(ready_.front());
    ready_.pop_front();
    Lane& lane = lanes_.at(repository);
    lane.queued = false;
    lane.busy = true;
    lane.kicked = false;
    Turn turn{repository, take_oldest(lane.seqs)};
    turns.push_back(std::move(turn));
  }
  return turns;
}

void Lanes::finish(const Repository& repository) {
  const std::lock_guard lock(mutex_);
  const auto at = lanes_.find(repository);
  if (at == lanes_.end()) return;
  at->second.busy = false;
  if (!at->second.has_work()) {
    lanes_.erase(at);
  } else {
    offer(repository, at->second);
  }
}

void Lanes::put_back(Turn turn, SteadyTime due) {
  const std::lock_guard lock(mutex_);
  Lane& lane = lanes_[turn.repository];
  lane.busy = false;
  lane.kicked = true;
  lane.seqs.insert(lane.seqs.end(), turn.seqs.begin(), turn.seqs.end());
  park(turn.repository, lane, due);
}

void Lanes::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  ready_changed_.notify_all();
}

std::size_t Lanes::size() const {
  const std::lock_guard lock(mutex_);
  return lanes_.size();
}

}  // namespace longshore
