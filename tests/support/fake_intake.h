// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "pipeline/intake.h"

namespace longshore::test {

// An Intake in memory. It can be full, fail, or be corked: then nothing becomes durable until it is
// uncorked. Threads: safe from every thread.
class FakeIntake final : public Intake {
 public:
  struct Refused {
    std::string source;
    std::string reason;
    std::string address;
    Ulid id;
  };

  void fill() { set_failure(Error{Errc::busy, "the queue is full"}); }
  void fail() { set_failure(Error{Errc::unavailable, "the store has failed"}); }
  void cork() {
    const std::lock_guard lock(mutex_);
    corked_ = true;
  }
  void uncork() {
    const std::lock_guard lock(mutex_);
    corked_ = false;
    tell();
  }
  // The store fails with something not durable.
  void break_store() {
    const std::lock_guard lock(mutex_);
    broken_ = true;
    tell();
  }
  // Returns once somebody has asked so often for what was not durable.
  void wait_for_askers(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return askers_ >= count; });
  }

  std::vector<Event> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  std::vector<Refused> refusals() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }
  std::size_t noise_count(Noise kind) const {
    const std::lock_guard lock(mutex_);
    return noise_.at(static_cast<std::size_t>(kind));
  }

  Result<Accepted> accept(std::vector<Event> events) override {
    const std::lock_guard lock(mutex_);
    if (failure_) return *failure_;
    Accepted accepted{events.front().id, 0, 0, 0};
    bool has_first = false;
    for (Event& event : events) {
      if (event.key && keys_.contains(*event.key)) {
        ++accepted.duplicates;
        continue;
      }
      event.seq = ++seq_;
      if (event.key) keys_.emplace(*event.key, event.id);
      if (!has_first) accepted.id = event.id;
      has_first = true;
      ++accepted.stored;
      events_.push_back(event);
    }
    if (!has_first) accepted.id = keys_.at(*events.front().key);
    accepted.durable_after = seq_;
    return accepted;
  }

  Status durable(Seq) const override {
    const std::lock_guard lock(mutex_);
    if (!corked_) return Done{};
    if (broken_) return Error{Errc::unavailable, "the store has failed"};
    ++askers_;
    changed_.notify_all();
    return Error{Errc::busy, "not durable yet"};
  }

  void watch(DurableWatcher& watcher) override {
    const std::lock_guard lock(mutex_);
    watchers_.insert(&watcher);
  }
  void unwatch(DurableWatcher& watcher) override {
    const std::lock_guard lock(mutex_);
    watchers_.erase(&watcher);
  }

  Ulid refused(const std::string& source, const std::string& reason,
               const std::string& address) override {
    const std::lock_guard lock(mutex_);
    refused_.push_back({source, reason, address, Ulid::make(Time{})});
    return refused_.back().id;
  }

  void noise(const std::string&, Noise kind) override {
    const std::lock_guard lock(mutex_);
    ++noise_.at(static_cast<std::size_t>(kind));
  }

 private:
  void set_failure(Error error) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(error);
  }

  // With mutex_ held.
  void tell() {
    for (DurableWatcher* watcher : watchers_)
      watcher->durable_moved();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<Error> failure_;
  bool corked_ = false;
  bool broken_ = false;
  Seq seq_ = 0;
  mutable std::size_t askers_ = 0;
  std::set<DurableWatcher*> watchers_;
  std::map<DeliveryKey, EventId> keys_;
  std::vector<Event> events_;
  std::vector<Refused> refused_;
  std::array<std::size_t, 4> noise_{};
};

}  // namespace longshore::test
