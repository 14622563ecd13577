// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/event.h"

namespace longshore {

// What people write on a command line, read the same way by every command. All return
// invalid_input, saying what is expected.

// A moment: "30s", "15m", "2h", "7d" ago, or "2026-03-01", or "2026-03-01T12:00:00Z".
Result<Time> parse_moment(std::string_view text, Time now);

// An image, or with a tag, or with a digest; a bare tag ("1.4.2", "latest") where there is no name:
// then it is taken for a tag of an image called "image".
Result<ImageRef> parse_image_or_tag(std::string_view text);

// What "-" or a file holds. not_found or io where it cannot be read; invalid_input above 64 MiB.
Result<std::string> read_input(const std::string& name);

// A secret out of a file, its last newline removed.
Result<std::string> read_secret_file(const std::string& name);

// The variable's value; nothing if it is unset or empty.
std::optional<std::string> environment(const char* name);

// The text as one part of a URL's query or path (RFC 3986, section 2.3: all but unreserved
// escaped).
std::string url_escape(std::string_view text);

}  // namespace longshore
