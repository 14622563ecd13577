// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/clock.h"

namespace longshore {

// Notices that the wall clock was set, by the steady one. Threads: one at a time.
class ClockWatch {
 public:
  explicit ClockWatch(const Clock& clock) : clock_(clock), offset_(offset()) {}

  // By how much the wall clock has jumped since the last look.
  std::chrono::microseconds look() {
    const auto before = offset_;
    offset_ = offset();
    return offset_ - before;
  }

 private:
  std::chrono::microseconds offset() const {
    return clock_.now().time_since_epoch() - std::chrono::duration_cast<std::chrono::microseconds>(
                                                 clock_.steady().time_since_epoch());
  }

  const Clock& clock_;
  std::chrono::microseconds offset_;
};

}  // namespace longshore
