// SPDX-License-Identifier: Apache-2.0
#include "pipeline/intake_queue.h"

#include <iterator>

#include <concurrentqueue/concurrentqueue.h>

namespace longshore {

struct ProducerFifoQueue::Queue {
  moodycamel::ConcurrentQueue<Item> items;
  moodycamel::ConsumerToken consumer{items};
};

ProducerFifoQueue::ProducerFifoQueue(std::size_t max_events, std::size_t max_bytes)
    : max_events_(max_events), max_bytes_(max_bytes), queue_(std::make_unique<Queue>()) {}

ProducerFifoQueue::~ProducerFifoQueue() = default;

bool ProducerFifoQueue::reserve(std::size_t events, std::size_t bytes) noexcept {
  // Sequentially consistent: the journal's sleep depends on it.
  const std::size_t events_before = events_.fetch_add(events);
  const std::size_t bytes_before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
  const bool fits = events_before + events <= max_events_ && bytes_before + bytes <= max_bytes_;
  if (fits || events_before == 0) return true;
  give_back(events, bytes);
  return false;
}

void ProducerFifoQueue::give_back(std::size_t events, std::size_t bytes) noexcept {
  events_.fetch_sub(events, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void ProducerFifoQueue::push(Item item) {
  handed_over_.fetch_add(1, std::memory_order_release);
  queue_->items.enqueue(std::move(item));
}

std::size_t ProducerFifoQueue::pop(std::vector<Item>& into, std::size_t most) {
  const std::size_t before = into.size();
  const std::size_t count =
      queue_->items.try_dequeue_bulk(queue_->consumer, std::back_inserter(into), most);
  (void)handed_over_.load(std::memory_order_acquire);
  std::size_t events = 0;
  std::size_t bytes = 0;
  for (std::size_t i = before; i < into.size(); ++i) {
    events += into[i].events.size();
    bytes += into[i].bytes;
  }
  give_back(events, bytes);
  return count;
}

}  // namespace longshore
