// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace longshore {
namespace {

// Network file systems tell no changes: look again this often all the same.
constexpr int kLookAgainMillis = 500;

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

FileHandle watch_folder(const std::filesystem::path& folder) {
  FileHandle changes(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  constexpr std::uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM;
  if (changes.is_open() && inotify_add_watch(changes.get(), folder.c_str(), kEvents) < 0) {
    return {};
  }
  return changes;
}

void drain(const FileHandle& handle) {
  std::array<char, 4096> bytes{};
  while (read(handle.get(), bytes.data(), bytes.size()) > 0) {
  }
}

}  // namespace

Result<AuditReader> AuditReader::open(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::directory_iterator readable(folder_of(file), error);
  if (error) return file_error("cannot read the folder", folder_of(file), error.value());
  return AuditReader(file);
}

Result<std::optional<AuditLine>> AuditReader::next() {
  for (;;) {
    if (scanner_) {
      auto line = scanner_->next();
      if (!line) {
        static_cast<void>(placed({}));
        ++line_number_;
        return std::move(line).error();
      }
      if (*line) return std::optional(placed(**line));
    }
    if (following_) {
      // The old file is read to its end, after its successor was there: nothing is added to it.
      const std::optional<LineScanner> done = std::exchange(scanner_, std::move(following_));
      following_.reset();
      path_ = std::exchange(scanned_path_, following_path_);
      if (done && !done->unfinished().empty()) {
        line_number_ = done->lines() + 1;
        return std::optional(AuditLine{{}, false});
      }
      continue;
    }
    auto opened = open_following();
    if (!opened) return std::move(opened).error();
    if (!*opened) return std::optional<AuditLine>();
  }
}

AuditLine AuditReader::placed(std::string_view text) {
  path_ = scanned_path_;
  line_number_ = scanner_->lines();
  return {text, true};
}

// The file after the one that is read; false: there is none.
Result<bool> AuditReader::open_following() {
  for (;;) {
    const std::optional<AuditFileName> name = following();
    if (!name) return false;
    auto opened = LineScanner::open(name->path);
    // Renamed between the listing and the opening: list again.
    const auto identity = opened ? identity_of(opened->file()) : identity_of(name->path);
    if (identity != name->identity) continue;
    if (!opened) return std::move(opened).error();
    following_ = *std::move(opened);
    following_path_ = name->path;
    return true;
  }
}

std::optional<AuditFileName> AuditReader::following() {
  const std::vector<AuditFileName> files = audit_files(file_);
  auto at = files.begin();
  if (scanner_) {
    const auto here = identity_of(scanner_->file());
    at = std::find_if(files.begin(), files.end(),
                      [&](const AuditFileName& name) { return name.identity == here; });
    if (at != files.end()) {
      ++at;
    } else if (was_newest_) {
      // Ours was moved elsewhere; the rotated ones are older and were read before it.
      at = files.empty() || files.back().path != file_ ? files.end() : files.end() - 1;
    } else {
      at = files.begin();
    }
  }
  was_newest_ = at == files.end() || at + 1 == files.end();
  if (at == files.end()) return std::nullopt;
  return *at;
}

std::string_view AuditReader::unfinished() const {
  return scanner_ ? scanner_->unfinished() : std::string_view();
}

bool AuditReader::wait(const std::stop_token& stop) {
  if (!watched_) {
    // Not before somebody waits: closing a watch takes the kernel milliseconds. What happened
    // until now is told to nobody, so the first wait is none.
    watched_ = true;
    changes_ = watch_folder(folder_of(file_));
    return !stop.stop_requested();
  }
  const FileHandle stopped(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  const std::stop_callback wake(stop,
                                [&stopped] { static_cast<void>(eventfd_write(stopped.get(), 1)); });
  std::array<pollfd, 2> handles = {pollfd{stopped.get(), POLLIN, 0},
                                   pollfd{changes_.get(), POLLIN, 0}};
  poll(handles.data(), handles.size(), kLookAgainMillis);
  if (changes_.is_open()) drain(changes_);
  return !stop.stop_requested();
}

}  // namespace longshore
