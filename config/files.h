// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "pipeline/result.h"

namespace longshore {

// The content of a regular file, links followed. Returns not_found if it is missing, else io:
// a folder, a device, one that may not be read or holds more than `most` bytes. The message begins
// with why ("does not exist", "is a folder") and does not name the file. Never blocks on a pipe.
Result<std::string> read_regular_file(const std::filesystem::path& path, std::size_t most);

// `path` as an absolute one below `folder`, without "." components. ".." stays: after a link it
// does not lead back.
std::filesystem::path below(const std::filesystem::path& folder, const std::filesystem::path& path);

}  // namespace longshore
