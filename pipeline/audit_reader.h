// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string_view>

#include "pipeline/audit_lines.h"

namespace longshore {

struct AuditLine {
  std::string_view text;  // without its newline; valid until the next call
  bool complete = true;   // false: a rotated file that ends within a line
};

// Reads the audit from the oldest rotated file to the end of the current one, and what is added
// afterwards. Holds its place by the file, not by its name, so a rotation while it reads neither
// repeats nor skips a line; lines of files that are removed before it came to them are skipped.
//
// Threads: one thread uses it.
class AuditReader {
 public:
  // `file` is the current one; it need not exist yet. Returns io where the folder cannot be read.
  static Result<AuditReader> open(const std::filesystem::path& file);

  // The next line; nothing at the end for now, where a line that is being written is not given out.
  // Errors are those of LineScanner::next().
  Result<std::optional<AuditLine>> next();

  // What stands after the last newline. REQUIRES: next() has just returned nothing
  std::string_view unfinished() const;

  // Where the line stands that next() gave out last, or could not read.
  const std::filesystem::path& path() const noexcept { return path_; }
  std::uint64_t line_number() const noexcept { return line_number_; }

  // Waits until there may be more to read. False: stop was requested.
  bool wait(const std::stop_token& stop);

 private:
  explicit AuditReader(const std::filesystem::path& file) : file_(file), path_(file) {}
  Result<bool> open_following();
  std::optional<AuditFileName> following();
  AuditLine placed(std::string_view text);

  std::filesystem::path file_;
  bool watched_ = false;
  FileHandle changes_;  // inotify on the folder; not open where the kernel has none left
  std::optional<LineScanner> scanner_;
  std::filesystem::path scanned_path_;
  bool was_newest_ = false;  // when the files were last listed
  // Opened once the file that is read has a successor: what it still holds is read first.
  std::optional<LineScanner> following_;
  std::filesystem::path following_path_;
  std::filesystem::path path_;
  std::uint64_t line_number_ = 0;
};

}  // namespace longshore
