// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/time.h"

namespace longshore {

// The two clocks. Virtual because tests move them by hand. Threads: every function is safe from
// every thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace longshore
