// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "pipeline/control.h"

namespace longshore {

// The first place where the audit is not what was written.
struct AuditBreak {
  std::filesystem::path file;
  std::uint64_t line = 0;  // counts from 1 in each file
  std::string why;         // "its `prev` is not the hash of the line before: …"
};

struct AuditReport {
  std::uint64_t files = 0;
  std::uint64_t lines = 0;  // up to the break, where there is one
  std::string first_time;   // as written; empty if there is no line
  std::string last_time;
  std::optional<Sha256> head;  // the hash of the last line
  // The chain begins here; else earlier lines have been rotated away and cannot be checked.
  bool from_the_beginning = true;
  std::optional<AuditBreak> broken;
};

// Reads the rotated files, oldest first, and the current one, and checks that each line is of the
// form that we write and that its `prev` is the hash of the line before it.
//
// This finds every edit, every missing, added or moved line between the first and the last. An
// edit of the last line and lines cut from the end are found with `head`, what the store knows of
// the last line; it may be older than the file, never newer. A chain cannot tell an edited line
// from a missing one: the report says where the chain breaks. Whoever can write the store as well
// can make a chain that holds.
//
// Errors: io where a file cannot be read. Bounded memory.
Result<AuditReport> verify_audit(const std::filesystem::path& file,
                                 const std::optional<AuditHead>& head);

}  // namespace longshore
