// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "pipeline/clock.h"
#include "pipeline/result.h"
#include "sinks/registry/call_scope.h"

namespace longshore {

// Lets as many requests to one registry pass at a time, and a second, as its options allow, and
// none at all until the moment that a 429 or 503 of it named.
//
// Threads: safe from every thread; enter() waits. Lifetime: passes must not outlive their gate.
class Gate {
 public:
  Gate(std::string host, unsigned concurrency, std::optional<double> per_second,
       const Clock& clock);

  // One request's place; destroying it lets the next one in.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_) gate_->leave();
    }

   private:
    Gate* gate_;
  };

  // Fails with busy at once while the registry is not to be asked, with busy if no place was free
  // within the call's deadline, and with unavailable if the call was stopped.
  Result<Pass> enter(const CallScope& call);

  // Nobody passes for that long from now, nor earlier than what was said before.
  void close_for(std::chrono::seconds wait);
  // Until when nobody passes; nothing if that is over.
  std::optional<SteadyTime> closed_until() const;

 private:
  // REQUIRES: mutex_ held
  std::optional<Error> closed() const;
  // When the next request may be sent; nothing, and no turn is taken, if that is after `latest`.
  // REQUIRES: mutex_ held
  std::optional<SteadyTime> take_turn(SteadyTime latest);
  void leave();

  // constant after construction
  const std::string host_;
  const unsigned concurrency_;
  const std::optional<double> per_second_;
  const Clock& clock_;
  // guarded by mutex_
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  unsigned inside_ = 0;
  SteadyTime next_turn_{};  // of an even flow; requests may be a second ahead of it
  SteadyTime closed_until_{};
};

}  // namespace longshore
