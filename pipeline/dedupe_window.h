// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <unordered_map>

#include "pipeline/event.h"

namespace longshore {

// The deliveries seen lately, by key, so that one that is sent again is recognised. Bounded by
// number and age; the oldest go first. In memory only: the store's events fill it at the start.
//
// Threads: one at a time; its owner locks.
class DedupeWindow {
 public:
  DedupeWindow(std::size_t max_keys, std::chrono::steady_clock::duration max_age)
      : max_keys_(max_keys), max_age_(max_age) {}

  struct Seen {
    Seq seq = 0;  // of the first delivery's event
    EventId event;
  };

  std::optional<Seen> find(const DeliveryKey& key) const;
  // REQUIRES: the key is not there, and `at` is not before an earlier one's.
  void add(const DeliveryKey& key, const Seen& seen, SteadyTime at);
  std::size_t size() const noexcept { return seen_.size(); }

 private:
  // A key is a piece of a SHA-256: its first bytes are as good as any hash of it.
  struct FirstBytes {
    std::size_t operator()(const DeliveryKey& key) const noexcept;
  };
  const std::size_t max_keys_;
  const std::chrono::steady_clock::duration max_age_;
  std::unordered_map<DeliveryKey, Seen, FirstBytes> seen_;
  std::deque<std::pair<SteadyTime, DeliveryKey>> by_age_;
};

}  // namespace longshore
