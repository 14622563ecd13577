// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "pipeline/event.h"

namespace longshore {

// The lock-free way from the receiver to the journal: moodycamel's ConcurrentQueue, wrapped once.
//
// Its order is first in, first out for each producing thread only; whoever needs the order of all
// uses the events' seq. ConcurrentQueue itself is unbounded (its try_enqueue means "without
// allocating", not "full"), so the bounds in events and in bytes are counts of our own: a producer
// reserves room first, then pushes. It cannot be closed: who stops producing is the engine's
// matter.
//
// Threads: reserve() and push() from any, pop() from one.
class ProducerFifoQueue {
 public:
  ProducerFifoQueue(std::size_t max_events, std::size_t max_bytes);
  ~ProducerFifoQueue();

  // One notification: its events are committed together.
  struct Item {
    std::vector<Event> events;
    std::size_t bytes = 0;  // what was reserved for it
  };

  // False, and nothing is reserved: there is no room. One item larger than the bound is let in when
  // the queue is empty, so that nothing is refused for ever.
  bool reserve(std::size_t events, std::size_t bytes) noexcept;
  // Room that was reserved and is not needed.
  void give_back(std::size_t events, std::size_t bytes) noexcept;
  // REQUIRES: room was reserved for just this item.
  void push(Item item);
  // Appends up to `most` items; the room is free again at once. Never waits.
  std::size_t pop(std::vector<Item>& into, std::size_t most);

  std::size_t events() const noexcept { return events_.load(); }
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Queue;
  const std::size_t max_events_;
  const std::size_t max_bytes_;
  std::atomic<std::size_t> events_{0};
  std::atomic<std::size_t> bytes_{0};
  // ConcurrentQueue synchronises by fences, which ThreadSanitizer does not see: this tells it that
  // what a producer did before push() is done when pop() returns.
  std::atomic<std::size_t> handed_over_{0};
  std::unique_ptr<Queue> queue_;
};

}  // namespace longshore
