// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "pipeline/crypto.h"
#include "pipeline/result.h"

namespace longshore {

// What the writer, the reader and the verifier of the audit know of its files: "audit.jsonl" is
// written, "audit.jsonl.1" was before it, "audit.jsonl.2" before that, and so on.

// A line is never longer than this; what is longer was not written by us.
inline constexpr std::size_t kMaxAuditLine = 1U << 20;

// Every line begins so.
inline constexpr std::string_view kAuditLineStart = R"({"time":")";

// The `prev` of a line without its newline. Nothing unless the line has the form of audit_line():
// its start, and `,"prev":"<64 lower-case hex digits>"}` at its very end.
std::optional<Sha256> prev_of(std::string_view line);

// Owns an open file. Closes it without looking at the result: whoever needs the bytes on the disk
// has synced them before.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept;
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();

  int get() const noexcept { return descriptor_; }
  bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// Which file it is, whatever its name is now.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

std::optional<FileIdentity> identity_of(const std::filesystem::path& path);
std::optional<FileIdentity> identity_of(const FileHandle& file);

// The numbers of the rotated files that exist beside `current`, ascending: 1, 2, 3.
std::vector<unsigned> rotated_numbers(const std::filesystem::path& current);
std::filesystem::path rotated_path(const std::filesystem::path& current, unsigned number);

struct AuditFileName {
  std::filesystem::path path;
  FileIdentity identity;
  friend bool operator==(const AuditFileName&, const AuditFileName&) = default;
};

// The files that exist, oldest first, none twice and none left out even if they are being rotated.
std::vector<AuditFileName> audit_files(const std::filesystem::path& current);

// What `errno` says about a file: Errc::io and "<what> '<path>': <why>".
Error file_error(std::string_view what, const std::filesystem::path& path, int error_number);

// Reads one file line by line, with a bounded buffer. A file that grows can be read on: what comes
// after the last newline is no line yet and is read again the next time.
class LineScanner {
 public:
  static Result<LineScanner> open(const std::filesystem::path& path);

  // The next line without its newline, valid until the next call; nothing at the end for now. A
  // file that became shorter than what was read is read from its beginning. Returns
  // invalid_input for a line longer than kMaxAuditLine, io where the file cannot be read.
  Result<std::optional<std::string_view>> next();

  // What stands after the last newline, valid until the next call of next(). REQUIRES: next() has
  // just returned nothing
  std::string_view unfinished() const noexcept { return unfinished_; }
  std::uint64_t lines() const noexcept { return lines_; }  // returned so far
  const FileHandle& file() const noexcept { return file_; }

 private:
  LineScanner(FileHandle file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}
  Result<std::size_t> fill();
  bool was_cut() const;

  FileHandle file_;
  std::filesystem::path path_;
  std::string buffer_;
  std::size_t begin_ = 0;     // of the next line in the buffer
  std::uint64_t offset_ = 0;  // of the buffer's first byte in the file
  std::uint64_t lines_ = 0;
  std::string unfinished_;
};

}  // namespace longshore
