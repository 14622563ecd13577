// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

namespace longshore::test {

// Waits until the condition holds, and returns whether it did within the deadline. For what another
// thread or the kernel does in its own time; a test that passes does not wait for the deadline.
template <class Condition>
bool eventually(const Condition& condition,
                std::chrono::milliseconds deadline = std::chrono::seconds{90}) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace longshore::test
