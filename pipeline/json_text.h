// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace longshore {

// Appends text to out as a JSON string (RFC 8259 section 7), quotes included. For the few places
// where documents are written by hand: events, audit lines.
//
// The result is valid UTF-8 and holds no control character, whatever text holds: those are escaped
// (DEL and U+0080 to U+009F too, which some terminals obey), and what is not UTF-8 becomes U+FFFD,
// one for each longest piece that begins a character (Unicode 15, section 3.9, "Substitution of
// Maximal Subparts").
void append_json_string(std::string& out, std::string_view text);

}  // namespace longshore
