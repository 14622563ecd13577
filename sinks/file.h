// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "pipeline/fd.h"
#include "pipeline/result.h"

namespace longshore {

// Files as they were at one moment. Errors say what was tried and what the system answered; their
// codes: not_found (it vanished), unauthorized (a right is missing, or the file system is
// read-only), unsupported (a link where none is followed, no regular file, too large), io (all
// else: worth another attempt).

// Enough of a file's status to see that it is another one or was written to.
struct FileSignature {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t changed_ns = 0;   // status change
  std::int64_t modified_ns = 0;  // content

  static FileSignature of(const struct stat& status) noexcept;
  friend bool operator==(const FileSignature&, const FileSignature&) = default;
};

struct FileContent {
  std::string bytes;
  struct stat status {};
};

// The whole of a regular file that the configuration names; links are followed.
Result<FileContent> read_whole_file(const std::filesystem::path& path, std::size_t max_bytes);
// The whole of a regular file that is open. `shown` names it in errors.
Result<FileContent> read_open_file(const Fd& file, std::string_view shown, std::size_t max_bytes);

// "cannot <what>: <what the system says>", with the code that belongs to it.
Error system_error(std::string_view what, int code);

}  // namespace longshore
