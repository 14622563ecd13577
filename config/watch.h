// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "pipeline/result.h"

namespace longshore {

// Says when one of a set of files holds something else than before: the configuration and the
// secrets that it names. It knows nothing of what is in them; its callback reads them again.
//
// What counts is the content behind the path, so that it is the same whether a file is written in
// place, replaced by an editor, removed, made again, or reached through a link that now leads
// elsewhere (the ..data of a mounted ConfigMap); a file that is only touched does not count, nor
// one beside it. The kernel's notifications (inotify) of every folder and link on the way say when
// to look; where they do not reach (network file systems), a look every `recheck` finds the change.
//
// Threads: its own, which makes all calls of the callback, one at a time. watch() and poke() are
// safe from every thread, the callback included.
// Lifetime: the destructor waits for a running callback; it must not run within one.
class ConfigWatcher {
 public:
  struct Options {
    // After a notification, wait until there was none for this long, or ten times as long.
    std::chrono::milliseconds settle{100};
    std::chrono::milliseconds recheck{60'000};
  };

  // Follows the inputs as they are now: start with the configuration file alone before it is first
  // loaded, then watch() its inputs, and no change is missed. A file need not be there. Returns io
  // if the kernel gives no inotify instance; the message names the limit to raise. The callback
  // must not throw.
  static Result<std::unique_ptr<ConfigWatcher>> start(std::vector<std::filesystem::path> inputs,
                                                      std::function<void()> changed,
                                                      Options options);
  ~ConfigWatcher();
  ConfigWatcher(const ConfigWatcher&) = delete;
  ConfigWatcher& operator=(const ConfigWatcher&) = delete;

  // Follows these files from now on. One that was followed before is still compared with what it
  // held before the last callback, so a change during a load is seen after it.
  void watch(std::vector<std::filesystem::path> inputs);

  // Calls back soon, changed or not. Safe in a signal handler.
  void poke() noexcept;

 private:
  class Impl;
  explicit ConfigWatcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace longshore
