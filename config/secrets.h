// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace longshore {

// A text of the configuration with what its ${…} stand for in their places.
struct Expansion {
  Result<std::string> text;
  // Every ${file:} that was met, whether or not it could be read: a change of it changes the text.
  std::vector<std::filesystem::path> files;
};

// Whether the text holds anything that expand() would replace.
bool has_reference(std::string_view text) noexcept;

// Replaces, anywhere in the text,
//
//   ${env:NAME}   by the environment variable,
//   ${file:path}  by the content of the file, one line break at its end not included; a relative
//                 path is taken from `folder`,
//   $${           by a plain "${".
//
// A "$" without "{" stands for itself. What was put in is not looked at again. Returns
// invalid_input for a variable that is not set or empty, a file that is missing, unreadable, empty,
// no regular file or above 64 KiB, and for any other ${…}; the message names the variable or the
// file and never quotes a value.
Expansion expand(std::string_view text, const std::filesystem::path& folder);

}  // namespace longshore
