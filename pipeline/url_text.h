// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace longshore {

// What a "+" stands for: itself in URLs (RFC 3986), a space in forms
// (application/x-www-form-urlencoded).
enum class Plus { itself, space };

// Undoes percent-encoding. Nothing where a "%" is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

// Encodes everything but letters, digits, "-", ".", "_" and "~".
std::string percent_encode(std::string_view text);

// The decoded value of one name in "a=1&b=2". Nothing where it is missing, there twice or
// malformed.
std::optional<std::string> form_value(std::string_view form, std::string_view name, Plus plus);

// The host and port of a URL, with or without a scheme; user names in it are left out. Nothing
// where there is none.
std::optional<std::string> host_of_url(std::string_view url);

}  // namespace longshore
