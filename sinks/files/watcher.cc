// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/watcher.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace longshore {
namespace {

constexpr std::uint32_t kMask = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |
                                IN_DONT_FOLLOW;

// Hidden names are not looked at, our own temporary files among them.
bool is_hidden(const inotify_event& event) {
  return event.len > 0 && event.name[0] == '.';
}

}  // namespace

Result<Watcher> Watcher::open() {
  Fd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return system_error("watch folders (fs.inotify.max_user_instances)", errno);
  Fd wakeup(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wakeup) return system_error("open an eventfd", errno);
  return Watcher(std::move(inotify), std::move(wakeup));
}

std::optional<std::string> Watcher::watch(const std::filesystem::path& folder) {
  if (inotify_add_watch(inotify_.get(), folder.c_str(), kMask) >= 0) return std::nullopt;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;  // gone: nothing to watch
  if (errno == ENOSPC) {
    return "cannot watch '" + folder.string() +
           "': raise fs.inotify.max_user_watches; until then its changes are seen late";
  }
  return system_error("watch '" + folder.string() + "'", errno).message;
}

Watcher::Event Watcher::drain() {
  Event result = Event::nothing;
  alignas(inotify_event) std::array<char, 65'536> buffer{};
  for (;;) {
    const ssize_t size = read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return result;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event->len;
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        result = Event::overflow;
      } else if ((event->mask & IN_IGNORED) == 0 && !is_hidden(*event)) {
        if (result == Event::nothing) result = Event::changed;
      }
      // A folder that was moved away is no longer ours; if it is still below, it is watched again.
      if ((event->mask & IN_MOVE_SELF) != 0) inotify_rm_watch(inotify_.get(), event->wd);
    }
  }
}

Watcher::Event Watcher::wait_once(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    std::array<pollfd, 2> fds = {pollfd{inotify_.get(), POLLIN, 0},
                                 pollfd{wakeup_.get(), POLLIN, 0}};
    const int ready =
        poll(fds.data(), fds.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (fds[1].revents != 0 && ready > 0) return Event::woken;
    const Event event = drain();
    if (event != Event::nothing) return event;
    if (left.count() <= 0) return Event::nothing;
  }
}

Watcher::Event Watcher::wait(std::chrono::milliseconds timeout, std::chrono::milliseconds settle) {
  Event result = wait_once(timeout);
  for (int i = 0; i < 20 && (result == Event::changed || result == Event::overflow); ++i) {
    const Event more = wait_once(settle);
    if (more == Event::nothing) break;
    if (more != Event::changed) result = more;
  }
  return result;
}

void Watcher::wake() noexcept {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then wait() is awake already.
  [[maybe_unused]] const ssize_t written = write(wakeup_.get(), &one, sizeof(one));
}

}  // namespace longshore
