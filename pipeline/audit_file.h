// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "pipeline/audit_lines.h"
#include "pipeline/options.h"

namespace longshore {

// The JSON-lines file that people tail, and its rotation: audit.jsonl becomes audit.jsonl.1, and so
// on up to `keep_files`; a line is never split. It only writes lines: making them, and knowing
// which of them are still missing, belongs to whoever holds the committed rows.
//
// Whatever a call returns, last_hash() is that of the last line that is wholly in the file. So
// after a failure, as after a crash, the caller goes on with the row that follows it.
//
// Threads: one thread uses it.
class AuditFile {
 public:
  // Opens or creates (mode 0640) the file and cuts what stands after its last newline. Returns
  // invalid_input where the file is none of ours, and leaves it untouched; io where it cannot be
  // opened.
  static Result<AuditFile> open(const AuditOptions& options);

  // The SHA-256 of the last complete line, without its newline; while the file is empty, that of
  // the newest rotated file. Nothing where there is no line at all.
  std::optional<Sha256> last_hash() const { return last_hash_; }

  // Appends the lines (each without its newline) with one write; with one for each file where they
  // pass rotate_bytes. A file that was moved away is created again first, and the chain goes on
  // there. io: the disk is full or fails; a line that got torn is cut at once or by the next call.
  // A rotation that fails is logged, the file grows on, and it is tried again later.
  Status append(std::span<const std::string> lines);

  // What was appended is on the disk when it returns.
  Status sync();

  // Whether the name no longer leads to the file that is written: somebody moved or removed it.
  bool gone() const;

 private:
  explicit AuditFile(const AuditOptions& options) : options_(options) {}
  Status reopen();
  Status make_ready();
  Status cut_torn();
  Status rotate();
  Status move_aside();
  Status write_lines(std::span<const std::string> lines);
  std::size_t how_many_fit(std::span<const std::string> lines) const;

  AuditOptions options_;
  FileHandle file_;
  std::uint64_t size_ = 0;  // of the complete lines
  std::uint64_t rotate_at_ = 0;
  bool torn_ = false;  // bytes of an unfinished line may follow
  std::optional<Sha256> last_hash_;
};

}  // namespace longshore
