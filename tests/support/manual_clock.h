// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

#include "pipeline/clock.h"

namespace longshore::test {

// A clock that stands still until advance() moves both of its hands. Threads: safe from every
// thread.
class ManualClock final : public Clock {
 public:
  // 2026-03-01T12:00:00Z
  explicit ManualClock(Time start = Time{std::chrono::seconds{1'772'366'400}}) : now_(start) {}

  void advance(std::chrono::microseconds by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
    steady_ += by;
  }

  Time now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  SteadyTime steady() const override {
    const std::lock_guard lock(mutex_);
    return steady_;
  }

 private:
  mutable std::mutex mutex_;
  Time now_;
  SteadyTime steady_{std::chrono::hours{1}};
};

}  // namespace longshore::test
