// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace longshore {

// One scalar to be replaced.
struct ScalarEdit {
  std::size_t begin = 0;  // of the scalar's content, without quotes: [begin, end)
  std::size_t end = 0;
  std::string expected;  // what has to stand there now
  std::string text;      // what shall stand there
};

// Returns the file with exactly these scalars changed. All other bytes stay: comments, quotes,
// anchors, line endings, a byte order mark. A scalar without quotes gets double quotes if its new
// text would be read as something else than a string.
//
// Fails with conflict if something else than `expected` stands there, with unsupported for what
// cannot be replaced safely (block scalars, several lines, aliases, a new text that needs escapes),
// and with invalid_input if bytes are no YAML. The result has been parsed again: it has the same
// documents, and no other scalar differs. Pure.
Result<std::string> apply_edits(std::string_view bytes, std::vector<ScalarEdit> edits);

}  // namespace longshore
