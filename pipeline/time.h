// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace longshore {

// A moment on the wall clock, UTC, in microseconds. For people and for records; deadlines use
// SteadyTime and order comes from an event's seq.
using Time = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

// RFC 3339 in UTC with six fraction digits: "2026-03-01T12:00:00.000000Z".
std::string format_time(Time time);

// Reads what registries send: RFC 3339 with 0 to 9 fraction digits and "Z", "+00:00" or "+0000";
// "T" may be a space, and a missing zone means UTC. Returns invalid_input for anything else,
// years outside 1970 to 2261 included.
Result<Time> parse_time(std::string_view text);

}  // namespace longshore
