// SPDX-License-Identifier: Apache-2.0
#include "config/watch.h"

#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "config/files.h"
#include "pipeline/crypto.h"

namespace longshore {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMostInputBytes = 1U << 20;
constexpr int kMostLinks = 32;
// Not IN_MODIFY: the store and the audit may lie in the same folder and are written all the time,
// and a file that is being written is not worth reading before it is closed.
constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// What is behind a path: a hash of the content, or why there is none.
using Fingerprint = std::string;

Fingerprint fingerprint_of(const fs::path& path) {
  const auto content = read_regular_file(path, kMostInputBytes);
  if (!content) return content.error().message;
  return std::string(as_bytes(sha256(*content)));
}

// Every folder in which a change can put another file behind the path: that of each link on the way
// and that of the file; where the way ends early, the last folder that is there.
std::set<fs::path> folders_on_the_way(const fs::path& path) {
  std::set<fs::path> folders;
  fs::path rest = path.relative_path();
  fs::path at = "/";
  int links = 0;
  while (!rest.empty()) {
    const fs::path next = at / *rest.begin();
    fs::path after;
    for (auto part = std::next(rest.begin()); part != rest.end(); ++part)
      after /= *part;
    std::error_code fault;
    const fs::file_type type = fs::symlink_status(next, fault).type();
    if (type == fs::file_type::symlink && ++links <= kMostLinks) {
      folders.insert(at);
      const fs::path target = fs::read_symlink(next, fault);
      if (target.is_absolute()) at = "/";
      rest = after.empty() ? target.relative_path() : target.relative_path() / after;
    } else if (type == fs::file_type::directory && !after.empty()) {
      at = next;
      rest = after;
    } else {
      break;
    }
  }
  folders.insert(at);
  return folders;
}

}  // namespace

class ConfigWatcher::Impl {
 public:
  Impl(int inotify, int wake, std::function<void()> changed, Options options)
      : inotify_(inotify), wake_(wake), options_(options), changed_(std::move(changed)) {}

  ~Impl() {
    thread_.request_stop();
    wake();
    if (thread_.joinable()) thread_.join();
    ::close(inotify_);
    ::close(wake_);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void run() {
    thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
  }

  void replace(std::vector<fs::path> inputs) {
    const std::lock_guard lock(mutex_);
    std::map<fs::path, Fingerprint> next;
    for (fs::path& input : inputs)
      next.emplace(std::move(input), Fingerprint());
    inputs_.swap(next);
    follow();  // before looking, so that what changes after the look is notified
    for (auto& [path, fingerprint] : inputs_) {
      const auto before = next.find(path);
      fingerprint = before != next.end() ? before->second : fingerprint_of(path);
    }
    wake();  // a file that is compared with an older look may have changed since
  }

  void poke() noexcept {
    poked_.store(true);
    wake();
  }

 private:
  void wake() noexcept {
    const int saved = errno;
    const std::uint64_t one = 1;
    // Fails only if the counter is full, and then the thread is being woken already.
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
    errno = saved;
  }

  void loop(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const bool notified = wait(options_.recheck);
      if (notified) settle(stop);
      if (stop.stop_requested()) return;
      const bool asked = poked_.exchange(false);
      if (look() || asked) changed_();
    }
  }

  // Waits for a notification or a wake-up, and takes all there are. True for a notification.
  bool wait(milliseconds at_most) {
    pollfd both[] = {{inotify_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (::poll(both, 2, static_cast<int>(at_most.count())) <= 0) return false;
    std::uint64_t count = 0;
    if ((both[1].revents & POLLIN) != 0 && ::read(wake_, &count, sizeof count) < 0) return false;
    if ((both[0].revents & POLLIN) == 0) return false;
    alignas(inotify_event) char buffer[16384];
    while (::read(inotify_, buffer, sizeof buffer) > 0) {
    }
    return true;
  }

  // Editors and kubelets change a folder in several steps: look when they are through. One that
  // never is does not keep us from looking.
  void settle(const std::stop_token& stop) {
    const auto latest = steady_clock::now() + 10 * options_.settle;
    while (!stop.stop_requested() && steady_clock::now() < latest) {
      if (!wait(options_.settle) || poked_.load()) return;
    }
  }

  // Looks at every input; true if one holds something else than before.
  bool look() {
    const std::lock_guard lock(mutex_);
    follow();
    bool changed = false;
    for (auto& [path, fingerprint] : inputs_) {
      Fingerprint now = fingerprint_of(path);
      changed = changed || now != fingerprint;
      fingerprint = std::move(now);
    }
    return changed;
  }

  // Links may lead elsewhere now, and folders that were missing be there.
  // REQUIRES: mutex_ held
  void follow() {
    std::set<int> watches;
    for (const auto& [path, fingerprint] : inputs_) {
      std::set<fs::path> places = folders_on_the_way(path);
      places.insert(path);  // written in place through another name: a bind-mounted file
      for (const fs::path& place : places) {
        const int watch = ::inotify_add_watch(inotify_, place.c_str(), kMask);
        if (watch >= 0) watches.insert(watch);
      }
    }
    for (const int watch : watches_) {
      if (!watches.contains(watch)) ::inotify_rm_watch(inotify_, watch);
    }
    watches_ = std::move(watches);
  }

  // Constant after construction.
  const int inotify_;
  const int wake_;
  const Options options_;
  const std::function<void()> changed_;

  std::atomic<bool> poked_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);  // poke() in a signal handler

  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<fs::path, Fingerprint> inputs_;
  std::set<int> watches_;

  std::jthread thread_;
};

ConfigWatcher::ConfigWatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ConfigWatcher::~ConfigWatcher() = default;

Result<std::unique_ptr<ConfigWatcher>> ConfigWatcher::start(std::vector<fs::path> inputs,
                                                            std::function<void()> changed,
                                                            Options options) {
  const int inotify = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) {
    return Error{Errc::io, "changes of the configuration cannot be followed (" +
                               std::error_code(errno, std::generic_category()).message() +
                               "): raise fs.inotify.max_user_instances, or reload with SIGHUP"};
  }
  const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake < 0) {
    ::close(inotify);
    return Error{Errc::io,
                 "no descriptor is left to follow the configuration: raise the limit of "
                 "open files"};
  }
  auto impl = std::make_unique<Impl>(inotify, wake, std::move(changed), options);
  impl->replace(std::move(inputs));
  impl->run();
  return std::unique_ptr<ConfigWatcher>(new ConfigWatcher(std::move(impl)));
}

void ConfigWatcher::watch(std::vector<fs::path> inputs) {
  impl_->replace(std::move(inputs));
}

void ConfigWatcher::poke() noexcept {
  impl_->poke();
}

}  // namespace longshore
