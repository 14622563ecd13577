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

// Access to what is really below a folder: no symbolic link is followed, "..", absolute paths and
// special files are refused. So nobody who can write into the folder leads us out of it.
//
// Errors say what was tried and what the system answered; their codes: not_found (it vanished),
// unauthorized (a right is missing, or the file system is read-only), unsupported (a link, no
// regular file, too large), io (all else: worth another attempt).

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

// How a path is walked: by the kernel in one call (Linux 5.6), or by us, one component at a time,
// where that call is missing or forbidden.
enum class PathWalk { kernel, by_component };

Result<Fd> open_root(const std::filesystem::path& folder);
// The folder `path` below root; "" is root itself. Falls back to by_component on its own.
Result<Fd> open_folder(const Fd& root, std::string_view path, PathWalk walk = PathWalk::kernel);
// The whole of a regular file directly in folder. `shown` names it in errors.
Result<FileContent> read_file(const Fd& folder, const std::string& name, std::string_view shown,
                              std::size_t max_bytes);

// "web/a.yaml" is "web" and "a.yaml".
std::pair<std::string_view, std::string_view> split_path(std::string_view path) noexcept;

// "cannot <what>: <what the system says>", with the code that belongs to it.
Error system_error(std::string_view what, int code);

}  // namespace longshore
