// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_lines.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace longshore {
namespace {

constexpr std::size_t kChunk = 256U << 10;
constexpr std::string_view kPrevKey = R"(,"prev":")";
constexpr std::string_view kLineEnd = R"("})";
constexpr std::size_t kHashDigits = 64;
constexpr unsigned kHighestNumber = 1'000'000'000;  // of a rotated file; none of ours above it

std::optional<unsigned> number_after(std::string_view name, std::string_view stem) {
  if (!name.starts_with(stem) || name.size() < stem.size() + 2) return std::nullopt;
  name.remove_prefix(stem.size());
  if (name[0] != '.' || name[1] == '0') return std::nullopt;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  if (number > kHighestNumber) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Sha256> prev_of(std::string_view line) {
  constexpr std::size_t kTail = kPrevKey.size() + kHashDigits + kLineEnd.size();
  if (!line.starts_with(kAuditLineStart) || !line.ends_with(kLineEnd)) return std::nullopt;
  if (line.size() < kAuditLineStart.size() + kTail) return std::nullopt;
  const std::string_view tail = line.substr(line.size() - kTail);
  const std::string_view digits = tail.substr(kPrevKey.size(), kHashDigits);
  if (!tail.starts_with(kPrevKey)) return std::nullopt;
  if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  const auto bytes = from_hex(digits);
  Sha256 hash{};
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

FileHandle::FileHandle(FileHandle&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::optional<FileIdentity> identity_of(const std::filesystem::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileIdentity{info.st_dev, info.st_ino};
}

std::optional<FileIdentity> identity_of(const FileHandle& file) {
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return std::nullopt;
  return FileIdentity{info.st_dev, info.st_ino};
}

std::vector<unsigned> rotated_numbers(const std::filesystem::path& current) {
  const std::filesystem::path folder = current.has_parent_path() ? current.parent_path() : ".";
  const std::string stem = current.filename().string();
  std::vector<unsigned> numbers;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (const auto number = number_after(entry->path().filename().string(), stem)) {
      numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::filesystem::path rotated_path(const std::filesystem::path& current, unsigned number) {
  return current.string() + "." + std::to_string(number);
}

// A rotation renames the oldest file first and every name only ever moves up. So whoever looks at
// the names upwards, while files move, passes none by: a file that was not yet at its next name
// when that was looked at, is seen there later. One that is seen twice stands where it was seen
// last.
std::vector<AuditFileName> audit_files(const std::filesystem::path& current) {
  constexpr unsigned kMissingInARow = 4;  // a rotation leaves one name free, for a moment
  const std::vector<unsigned> listed = rotated_numbers(current);
  std::vector<AuditFileName> files;  // newest first
  unsigned missing = 0;
  for (unsigned number = 0;; ++number) {
    if (missing >= kMissingInARow) {
      const auto next = std::lower_bound(listed.begin(), listed.end(), number);
      if (next == listed.end()) break;
      number = *next;
    }
    std::filesystem::path path = number == 0 ? current : rotated_path(current, number);
    const auto identity = identity_of(path);
    missing = identity ? 0 : missing + 1;
    if (!identity) continue;
    std::erase_if(files, [&](const AuditFileName& seen) { return seen.identity == *identity; });
    files.push_back({std::move(path), *identity});
  }
  std::reverse(files.begin(), files.end());
  return files;
}

Error file_error(std::string_view what, const std::filesystem::path& path, int error_number) {
  return {Errc::io, std::string(what) + " '" + path.string() +
                        "': " + std::system_category().message(error_number)};
}

Result<LineScanner> LineScanner::open(const std::filesystem::path& path) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return file_error("cannot read", path, errno);
  return LineScanner(std::move(file), path);
}

Result<std::optional<std::string_view>> LineScanner::next() {
  unfinished_.clear();
  std::size_t searched = begin_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - begin_;
    if (length > kMaxAuditLine) {
      return Error{Errc::invalid_input, "line " + std::to_string(lines_ + 1) + " of '" +
                                            path_.string() + "' is longer than 1 MiB"};
    }
    if (end != std::string::npos) {
      const std::string_view line(buffer_.data() + begin_, length);
      begin_ = end + 1;
      ++lines_;
      return std::optional(line);
    }
    buffer_.erase(0, begin_);
    offset_ += std::exchange(begin_, 0);
    searched = buffer_.size();
    const auto added = fill();
    if (!added) return added.error();
    if (*added > 0) continue;
    unfinished_ = std::exchange(buffer_, {});
    if (!was_cut()) return std::optional<std::string_view>();
    offset_ = lines_ = searched = 0;
  }
}

Result<std::size_t> LineScanner::fill() {
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kChunk);
  ssize_t count = 0;
  do {
    count = pread(file_.get(), buffer_.data() + kept, kChunk, static_cast<off_t>(offset_ + kept));
  } while (count < 0 && errno == EINTR);
  buffer_.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0) return file_error("cannot read", path_, errno);
  return static_cast<std::size_t>(count);
}

bool LineScanner::was_cut() const {
  struct stat info {};
  return fstat(file_.get(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) < offset_;
}

}  // namespace longshore
