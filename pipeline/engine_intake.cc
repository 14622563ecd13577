// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pipeline/engine.h"

namespace longshore {
namespace {

// About what an event takes in memory besides its texts.
constexpr std::size_t kEventBytes = 512;

std::size_t size_of(const Event& event) {
  std::size_t size = kEventBytes + event.repository.str().size();
  for (const auto* text :
       {&event.media_type, &event.actor, &event.delivery_id, &event.not_actionable}) {
    if (*text) size += (*text)->size();
  }
  return size;
}

}  // namespace

// Under one lock: the seqs are given in the order in which the keys are looked at, so that a
// duplicate always names an event that is queued already.
Result<Accepted> Engine::accept(std::vector<Event> events) {
  {
    const std::lock_guard lock(fault_mutex_);
    if (!fault_.empty()) return Error{Errc::unavailable, "the store has failed: " + fault_};
  }
  if (!running_) return Error{Errc::unavailable, "longshore is stopping"};
  if (context_.backlog.load(std::memory_order_relaxed) >= options_.backlog_events) {
    counters_.full.fetch_add(1, std::memory_order_relaxed);
    return Error{Errc::busy, "too many events wait for their decision"};
  }
  ProducerFifoQueue::Item item;
  for (const Event& event : events)
    item.bytes += size_of(event);
  const std::lock_guard lock(accept_mutex_);
  if (!queue_.reserve(events.size(), item.bytes)) {
    counters_.full.fetch_add(1, std::memory_order_relaxed);
    return Error{Errc::busy, "too many events wait for the disk"};
  }
  Accepted accepted{.id = events.front().id, .stored = 0, .duplicates = 0, .durable_after = 0};
  std::size_t actionable = 0;
  const SteadyTime now = clock_.steady();
  for (Event& event : events) {
    if (const auto seen = event.key ? window_.find(*event.key) : std::nullopt) {
      if (accepted.duplicates++ == 0 && accepted.stored == 0) accepted.id = seen->event;
      accepted.durable_after = std::max(accepted.durable_after, seen->seq);
      continue;
    }
    event.seq = next_seq_++;
    if (event.key) window_.add(*event.key, {event.seq, event.id}, now);
    if (accepted.stored++ == 0) accepted.id = event.id;
    accepted.durable_after = event.seq;
    if (!event.not_actionable) ++actionable;
    item.events.push_back(std::move(event));
  }
  context_.backlog.fetch_add(actionable, std::memory_order_relaxed);
  counters_.accepted.fetch_add(accepted.stored, std::memory_order_relaxed);
  counters_.duplicates.fetch_add(accepted.duplicates, std::memory_order_relaxed);
  if (item.events.empty()) {
    queue_.give_back(events.size(), item.bytes);
    return accepted;
  }
  queue_.give_back(accepted.duplicates, 0);
  queue_.push(std::move(item));
  journal_.wake();
  return accepted;
}

Status Engine::durable(Seq seq) const {
  return durable_.check(seq);
}

void Engine::watch(DurableWatcher& watcher) {
  durable_.watch(watcher);
}

void Engine::unwatch(DurableWatcher& watcher) {
  durable_.unwatch(watcher);
}

Ulid Engine::refused(const std::string& source, const std::string& reason,
                     const std::string& address) {
  counters_.refused.fetch_add(1, std::memory_order_relaxed);
  return refusals_.add(source, reason, address);
}

void Engine::noise(const std::string&, Noise kind) {
  counters_.noise[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
}

}  // namespace longshore
