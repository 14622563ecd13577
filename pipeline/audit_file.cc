// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/log.h"

namespace longshore {
namespace {

constexpr std::size_t kChunk = 64U << 10;

struct Tail {
  std::uint64_t complete_bytes = 0;  // up to and with the last newline
  std::optional<Sha256> last_hash;
};

Result<std::string> read_at(const FileHandle& file, const std::filesystem::path& path,
                            std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        pread(file.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("cannot read", path, errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

// The offset just after the last newline in the first `end` bytes; 0 if there is none.
Result<std::uint64_t> after_last_newline(const FileHandle& file, const std::filesystem::path& path,
                                         std::uint64_t end) {
  while (end > 0) {
    const std::uint64_t begin = end > kChunk ? end - kChunk : 0;
    const auto chunk = read_at(file, path, begin, static_cast<std::size_t>(end - begin));
    if (!chunk) return chunk.error();
    const std::size_t found = chunk->rfind('\n');
    if (found != std::string::npos) return begin + found + 1;
    end = begin;
  }
  return std::uint64_t{0};
}

Result<Tail> tail_of(const FileHandle& file, const std::filesystem::path& path,
                     std::uint64_t size) {
  const auto end = after_last_newline(file, path, size);
  if (!end) return end.error();
  if (*end == 0) return Tail{};
  const auto begin = after_last_newline(file, path, *end - 1);
  if (!begin) return begin.error();
  const std::uint64_t length = *end - 1 - *begin;
  if (length > kMaxAuditLine) {
    return Error{Errc::invalid_input, "the last line of '" + path.string() +
                                          "' is longer than 1 MiB: it is no audit log"};
  }
  const auto line = read_at(file, path, *begin, static_cast<std::size_t>(length));
  if (!line) return line.error();
  return Tail{*end, sha256(*line)};
}

// A wrong path in the configuration must not cost anybody a file: the end of what is not ours is
// never cut. After a power cut a block of zeros may stand where a first line was being written.
Status check_ours(const FileHandle& file, const std::filesystem::path& path) {
  const auto head = read_at(file, path, 0, kAuditLineStart.size());
  if (!head) return head.error();
  const bool zeros = head->find_first_not_of('\0') == std::string::npos;
  if (zeros || kAuditLineStart.starts_with(*head)) return Done{};
  return Error{Errc::invalid_input, "'" + path.string() +
                                        "' holds something else than an audit log: name another "
                                        "file, or move this one away"};
}

Result<std::optional<Sha256>> last_hash_of_rotated(const std::filesystem::path& current) {
  for (const unsigned number : rotated_numbers(current)) {
    const std::filesystem::path path = rotated_path(current, number);
    const FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file.is_open() || fstat(file.get(), &info) != 0) {
      return file_error("cannot read", path, errno);
    }
    auto tail = tail_of(file, path, static_cast<std::uint64_t>(info.st_size));
    if (!tail) return std::move(tail).error();
    if (tail->last_hash) return tail->last_hash;
  }
  return std::optional<Sha256>();
}

// Makes renames last. A folder that cannot be synced loses at most a rotation.
void sync_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const FileHandle handle(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.is_open()) fsync(handle.get());
}

}  // namespace

Result<AuditFile> AuditFile::open(const AuditOptions& options) {
  AuditFile made(options);
  if (auto status = made.reopen(); !status) return std::move(status).error();
  if (!made.last_hash_) {
    auto hash = last_hash_of_rotated(options.file);
    if (!hash) return std::move(hash).error();
    made.last_hash_ = *hash;
  }
  return made;
}

Status AuditFile::reopen() {
  const std::filesystem::path& path = options_.file;
  FileHandle file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (!file.is_open()) return file_error("cannot open the audit log", path, errno);
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return file_error("cannot open the audit log", path, errno);
  if (!S_ISREG(info.st_mode)) {
    return Error{Errc::invalid_input, "'" + path.string() + "' is no ordinary file"};
  }
  if (auto ours = check_ours(file, path); !ours) return ours;
  const auto tail = tail_of(file, path, static_cast<std::uint64_t>(info.st_size));
  if (!tail) return tail.error();
  file_ = std::move(file);
  size_ = tail->complete_bytes;
  torn_ = static_cast<std::uint64_t>(info.st_size) > size_;
  rotate_at_ = options_.rotate_bytes;
  if (!last_hash_) last_hash_ = tail->last_hash;
  return cut_torn();
}

Status AuditFile::cut_torn() {
  if (!torn_) return Done{};
  if (ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) {
    return file_error("cannot cut a torn line from", options_.file, errno);
  }
  torn_ = false;
  return Done{};
}

bool AuditFile::gone() const {
  return identity_of(options_.file) != identity_of(file_);
}

Status AuditFile::make_ready() {
  if (!file_.is_open() || gone()) return reopen();
  if (auto cut = cut_torn(); !cut) return cut;
  // Somebody may have emptied the file (logrotate's copytruncate) or added to it.
  struct stat info {};
  if (fstat(file_.get(), &info) != 0) return file_error("cannot open", options_.file, errno);
  size_ = static_cast<std::uint64_t>(info.st_size);
  return Done{};
}

Status AuditFile::append(std::span<const std::string> lines) {
  if (lines.empty()) return Done{};
  if (auto ready = make_ready(); !ready) return ready;
  while (!lines.empty()) {
    const std::size_t count = how_many_fit(lines);
    if (count == 0) {
      if (auto rotated = rotate(); !rotated) return rotated;
      continue;
    }
    if (auto written = write_lines(lines.first(count)); !written) return written;
    lines = lines.subspan(count);
  }
  return Done{};
}

std::size_t AuditFile::how_many_fit(std::span<const std::string> lines) const {
  std::uint64_t size = size_;
  std::size_t count = 0;
  while (count < lines.size()) {
    size += lines[count].size() + 1;
    if (size > rotate_at_) break;
    ++count;
  }
  return count == 0 && size_ == 0 ? 1 : count;
}

Status AuditFile::write_lines(std::span<const std::string> lines) {
  std::string bytes;
  for (const std::string& line : lines)
    (bytes += line) += '\n';
  std::size_t done = 0;
  int failure = 0;
  while (done < bytes.size() && failure == 0) {
    const ssize_t count = write(file_.get(), bytes.data() + done, bytes.size() - done);
    if (count >= 0) done += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR) failure = errno;
  }
  // After a short write the whole lines stay, so that nothing has to be taken back from readers.
  std::size_t complete = 0;
  const std::string* last = nullptr;
  for (const std::string& line : lines) {
    if (complete + line.size() + 1 > done) break;
    complete += line.size() + 1;
    last = &line;
  }
  size_ += complete;
  if (last != nullptr) last_hash_ = sha256(*last);
  torn_ = done > complete;
  if (failure == 0) return Done{};
  static_cast<void>(cut_torn());  // the next call tries again
  return file_error("cannot write the audit log", options_.file, failure);
}

Status AuditFile::sync() {
  if (fdatasync(file_.get()) == 0) return Done{};
  return file_error("cannot sync the audit log", options_.file, errno);
}

Status AuditFile::rotate() {
  if (auto moved = move_aside(); !moved) {
    log(LogLevel::warning, "audit", "the file cannot be rotated and grows on",
        {{"error", moved.error().message}});
    rotate_at_ = size_ + std::max<std::uint64_t>(options_.rotate_bytes / 8, kMaxAuditLine);
    return Done{};
  }
  if (auto opened = reopen(); !opened) return opened;
  sync_folder_of(options_.file);
  return Done{};
}

// Only the unbroken run 1, 2, 3 … moves up: a gap, which a crash between two renames leaves, is
// filled by it.
Status AuditFile::move_aside() {
  if (auto synced = sync(); !synced) return synced;
  const std::filesystem::path& path = options_.file;
  unsigned run = 0;
  for (const unsigned number : rotated_numbers(path)) {
    if (number >= options_.keep_files) {
      if (unlink(rotated_path(path, number).c_str()) != 0) {
        return file_error("cannot remove", rotated_path(path, number), errno);
      }
    } else if (number == run + 1) {
      run = number;
    }
  }
  if (options_.keep_files == 0) {
    if (unlink(path.c_str()) != 0) return file_error("cannot remove", path, errno);
    return Done{};
  }
  for (unsigned number = run + 1; number > 0; --number) {
    const std::filesystem::path from = number == 1 ? path : rotated_path(path, number - 1);
    if (rename(from.c_str(), rotated_path(path, number).c_str()) != 0) {
      return file_error("cannot rename", from, errno);
    }
  }
  return Done{};
}

}  // namespace longshore
