// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "pipeline/clock.h"
#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/object.h"
#include "sinks/kubernetes/rights.h"

namespace longshore {

// What `kubectl describe` shows of us below an object.
struct KubeNote {
  enum class Type : std::uint8_t { normal, warning };
  KubeObjectPtr object;
  Type type = Type::normal;
  std::string reason;  // one word: "ImageUpdated"
  std::string message;
  Time at{};
};

// The request that makes the Event. Core v1 rather than events.k8s.io/v1: both are stored as one,
// every kubectl shows the age of this one, and the right to create it is the one that roles give.
KubeCall event_request(const KubeNote& note);

struct EventSenderOptions {
  std::size_t capacity_events = 200;        // that wait; above, new ones are dropped
  std::chrono::milliseconds settle{1'000};  // none is sent while others come faster than this
  std::chrono::milliseconds most{10'000};   // but the oldest waits no longer
  std::chrono::milliseconds spacing{200};   // between two
};

// Sends Events for people, at their own slow pace after the changes that they tell of, since a
// thousand changes at once must not wait for a thousand Events. What cannot be sent is dropped
// and never tried again; the log says how many that were, and the rights if they are missing.
//
// Threads: one of its own; every function is safe from every thread.
// Lifetime: the API, the rights and the clock outlive it.
class EventSender {
 public:
  EventSender(KubeApi& api, KubeRights& rights, const Clock& clock,
              EventSenderOptions options = {});
  ~EventSender();
  EventSender(const EventSender&) = delete;
  EventSender& operator=(const EventSender&) = delete;

  void start();
  void stop() noexcept;  // what waits is dropped
  void send(KubeNote note);
  std::uint64_t dropped() const;  // since it was made: queue full, failed; not: refused

 private:
  void run(const std::stop_token& stop);
  bool make(const KubeNote& note, const std::stop_token& stop);
  void tell();  // of what was dropped since the last time; with mutex_ held

  // constant after construction
  KubeApi& api_;
  KubeRights& rights_;
  const Clock& clock_;
  const EventSenderOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // guarded by mutex_
  std::deque<KubeNote> queue_;
  SteadyTime first_added_{};
  SteadyTime last_added_{};
  std::uint64_t dropped_ = 0;
  std::uint64_t told_ = 0;  // of these

  std::jthread thread_;  // last: it uses the others
};

}  // namespace longshore
