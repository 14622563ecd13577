// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "cli/cmd_serve.h"
#include "cli/exit_codes.h"
#include "cli/service.h"
#include "pipeline/log.h"

namespace longshore {
namespace {

// After the last connection is taken: time for requests and actions that have begun.
constexpr std::chrono::seconds kGrace{10};
constexpr std::chrono::milliseconds kTick{100};

// Blocked in every thread, so that this one alone receives them.
sigset_t block_signals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of the write that meets it
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// The signal that came within the time; 0: none.
int wait_for_signal(const sigset_t& set, std::chrono::milliseconds at_most) {
  const timespec time{.tv_sec = at_most.count() / 1000,
                      .tv_nsec = at_most.count() % 1000 * 1'000'000};
  const int number = sigtimedwait(&set, nullptr, &time);
  return number < 0 ? 0 : number;
}

// A connection takes a descriptor each: as many as the system lets us have.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// What is large, as a page of a cluster's list and what is read out of it, goes back to the system
// when it is freed: glibc, once it has seen some of that go, keeps tens of MiB of it otherwise.
void keep_no_large_memory() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

// Until it has to end; false: the store failed.
bool run(Service& service, const sigset_t& signals) {
  while (!service.failed()) {
    const int number = wait_for_signal(signals, kTick);
    if (number == SIGHUP) service.reload_soon();
    if (number == SIGTERM || number == SIGINT) return true;
  }
  return false;
}

// Load balancers need a moment to notice that this one goes: it accepts for that long. A second
// signal ends the wait.
void delay_drain(Service& service, const sigset_t& signals, std::chrono::milliseconds delay) {
  const auto until = std::chrono::steady_clock::now() + delay;
  while (!service.failed() && std::chrono::steady_clock::now() < until) {
    const int number = wait_for_signal(signals, kTick);
    if (number == SIGTERM || number == SIGINT) return;
  }
}

}  // namespace

int serve(const std::filesystem::path& file) {
  const sigset_t signals = block_signals();
  raise_file_limit();
  keep_no_large_memory();
  auto service = Service::start(file);
  if (!service) {
    if (service.error().code == Errc::invalid_input) {
      const std::string& faults = service.error().message;
      std::fprintf(stderr, "%s%s", faults.c_str(), faults.ends_with('\n') ? "" : "\n");
      return kExitUsage;
    }
    log(LogLevel::error, "service", service.error().message);
    return kExitFailed;
  }
  log(LogLevel::info, "service", "listening",
      {{"address", (*service)->address()}, {"version", LONGSHORE_VERSION}});
  if (!run(**service, signals)) {
    (*service)->stop(std::chrono::milliseconds{0});
    return kExitFailed;
  }
  log(LogLevel::info, "service", "stopping");
  delay_drain(**service, signals, (*service)->drain_delay());
  (*service)->stop(kGrace);
  if ((*service)->failed()) return kExitFailed;
  log(LogLevel::info, "service", "stopped");
  return kExitOk;
}

}  // namespace longshore
