// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

namespace longshore::test {

// Whether the condition comes true within a generous deadline; looks often, so that it costs little
// more than what it waits for.
template <class Condition>
bool wait_for(Condition condition, std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace longshore::test
