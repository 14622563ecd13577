// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <stop_token>

#include "pipeline/time.h"

namespace longshore {

// How long one call may take, with all of its requests and waits, and what ends it earlier. Real
// time, whatever Clock the client was given: sockets know no other.
struct CallScope {
  SteadyTime deadline;
  std::stop_token stop;

  std::chrono::milliseconds left() const {
    const auto left = deadline - std::chrono::steady_clock::now();
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds{0});
  }
};

}  // namespace longshore
