// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event.h"
#include "receiver/decoder.h"

namespace longshore {

// Whether the line begins with the event's id. What `decode` prints was never accepted and has
// none.
enum class EventIdIn { line, nowhere };

// One event as a line of JSON, without its newline; docs/formats.md describes the members. Members
// that are absent are left out.
std::string event_json(const Event& event, EventIdIn id);

struct DecodedLines {
  std::vector<std::string> lines;
  std::string ignored;  // where there is no line: why
};

// What one notification says, as `decode` prints it: every fact, noise included, under a source
// that may speak of everything, with the host as it was sent. Returns invalid_input as decode() and
// admit() do.
Result<DecodedLines> decode_to_json(SourceType type, const Headers& headers, std::string_view body);

}  // namespace longshore
