// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace longshore {

// Whether the whole of text matches pattern: "*" is any run of characters, "/" included, "?" is
// one character, all else is itself. At most text times pattern steps, no recursion.
bool glob_match(std::string_view pattern, std::string_view text) noexcept;

}  // namespace longshore
