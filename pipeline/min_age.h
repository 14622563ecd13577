// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace longshore {

// What people write after min-age: "30m", "12h", "3d" or several, the larger unit first: "1d12h".
// The units are d, h, m and s; "0" is no age at all. Returns invalid_input, saying what can be
// written, for anything else and above ten years.
Result<std::chrono::seconds> parse_min_age(std::string_view text);

// For people: "3 d", "1 d 12 h", "30 min", "0 s". At most so many units, what is below them left
// out.
std::string in_words(std::chrono::seconds age, int most_units = 4);

}  // namespace longshore
