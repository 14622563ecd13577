// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "pipeline/fd.h"
#include "pipeline/result.h"
#include "sinks/file.h"

namespace longshore {

// Access to what is really below a folder: no symbolic link is followed, "..", absolute paths and
// special files are refused. So nobody who can write into the folder leads us out of it.
//
// Errors and their codes: see sinks/file.h.

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

}  // namespace longshore
