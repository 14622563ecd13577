// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "sinks/files/folder.h"

namespace longshore {

// Tells that something changed below a folder, not what: the folder is then listed again, which
// costs little and cannot drift away from what is there. Built on inotify.
//
// Threads: watch() and wait() are called by one thread; wake() by any.
class Watcher {
 public:
  enum class Event {
    nothing,   // the time is over
    changed,   // something below may have changed
    overflow,  // the kernel dropped notifications
    woken,     // by wake()
  };

  static Result<Watcher> open();

  // Watches one folder, again and again without harm. Returns a problem in words if it cannot be
  // watched; its changes are then seen by the next full scan only.
  std::optional<std::string> watch(const std::filesystem::path& folder);
  // Waits for the first event, then until none has come for `settle` (at most 20 times that).
  Event wait(std::chrono::milliseconds timeout, std::chrono::milliseconds settle);
  // Ends the current and every later wait().
  void wake() noexcept;

 private:
  Watcher(Fd inotify, Fd wakeup) : inotify_(std::move(inotify)), wakeup_(std::move(wakeup)) {}
  Event wait_once(std::chrono::milliseconds timeout);
  Event drain();

  Fd inotify_;
  Fd wakeup_;
};

}  // namespace longshore
