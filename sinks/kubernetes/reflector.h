// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/clock.h"
#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/watch_event.h"

namespace longshore {

struct ReflectorOptions {
  std::string path;                // "/apis/apps/v1/deployments"
  std::string labels{};            // only objects that match this selector
  std::optional<KubeKind> kind{};  // nothing: only names and versions are of interest
  std::string resource;            // the right that it needs, "deployments.apps"
  std::string where{};             // "in namespace shop"

  std::size_t page = 500;             // objects of one answer
  std::chrono::seconds watch{300};    // at most, one watch; the server ends it
  std::chrono::seconds compare{600};  // the list's version is compared at least this often
  std::chrono::milliseconds first_backoff{500};
  std::chrono::milliseconds max_backoff{30'000};
  std::chrono::seconds refused{60};  // after a 401, 403 or 404
};

// The objects of that kind in one namespace ("": in all of them).
ReflectorOptions reflector_options(KubeKind kind, const std::string& space);

// What is done with what a reflector learns. Called on its thread, one at a time.
struct ReflectorHooks {
  // All there is, as of that version; `synced` follows.
  std::function<void(std::vector<KubeObjectPtr>, std::uint64_t)> replace;
  std::function<void(KubeObject)> put;
  std::function<void(const KubeObject&)>
      remove;                    // its last state, with the version that it went at
  std::function<void()> forget;  // versions begin anew
  std::function<void()> synced = [] {};
  // What is wrong, in words a person can act upon; empty: nothing any more.
  std::function<void(const std::string&)> trouble = [](const std::string&) {};
};

// Follows the objects of one kind in one scope: lists them page by page, then watches from there.
//
// A watch that ends is taken up where it was. When the versions there are gone (410, as a status or
// as an event), all is listed again; what is known stays meanwhile. A server that was restored to
// an older state tells nobody: so after a connection was cut, and every `compare`, one short list
// is asked for, and if its version is below ours, or the server says that ours is too large, all is
// forgotten and listed again. Other failures are tried again with full jitter, not before a
// Retry-After; a missing right each minute, and a kind that the cluster does not have.
//
// Threads: one of its own; every function is safe from every thread. Lifetime: the API and the
// clock outlive it, and stop() or the destructor end it; no hook is called after that.
class Reflector {
 public:
  Reflector(KubeApi& api, const Clock& clock, ReflectorOptions options, ReflectorHooks hooks);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void start();
  void stop() noexcept;
  // Whatever it waits for is tried at once: credentials have changed.
  void retry_now();

  struct State {
    bool synced = false;
    std::optional<Time> synced_at;  // the last whole list
    bool refused = false;           // a right is missing, or the kind; `trouble` names it
    std::string trouble;            // empty: none
  };
  State state() const;

 private:
  struct Failure {
    std::string message;  // empty: nothing a person has to know of
    std::optional<std::chrono::milliseconds> retry_after{};
    bool refused = false;
  };
  using Attempt = std::optional<Failure>;  // nothing: it went well

  void run(const std::stop_token& stop);
  Attempt list(const std::stop_token& stop);
  Attempt compare(const std::stop_token& stop);
  Attempt watch(const std::stop_token& stop);
  bool take(std::string_view line, Attempt& failure);
  Attempt refused(std::string_view verb, const KubeAnswer& answer);
  Attempt failed(const KubeFailure& failure, std::optional<std::chrono::milliseconds> retry_after);
  void watch_works();
  void lose();
  std::string url(const std::string& query) const;
  std::chrono::seconds watch_time() const;

  void set_synced();
  void set_trouble(const std::string& message, bool refused);
  void pause(const Failure& failure, const std::stop_token& stop);

  // constant after construction
  KubeApi& api_;
  const Clock& clock_;
  const ReflectorOptions options_;
  const ReflectorHooks hooks_;
  // its thread only
  std::uint64_t version_ = 0;  // the latest seen; 0: a list is needed
  std::size_t page_;
  SteadyTime compare_at_{};
  bool watch_failed_ = false;  // the trouble is the watch's: a list that works does not end it
  int failures_ = 0;
  std::size_t lines_ = 0;  // of this watch
  // guarded by mutex_
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool retry_ = false;
  State state_;

  std::jthread thread_;  // last: it uses the others
};

}  // namespace longshore
