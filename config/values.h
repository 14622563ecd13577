// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace longshore {

// How single values of the configuration are written. All functions are pure; messages of errors
// say what to write instead and, where the value may be quoted, quote it.

// "500ms", "30s", "5m", "1h", "30d": one whole number and one unit. At most 36,500 days.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);  // in the largest whole unit

// "256KiB", "1MiB", "2GiB", "1TiB", or a number of bytes alone.
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);  // in the largest whole unit

struct ListenAddress {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 0;
};

// "0.0.0.0:8080", "[::1]:8080", "localhost:8080". Port 0 is any free one.
Result<ListenAddress> parse_listen(std::string_view text);

// Whether YAML (1.2, core schema) takes this plain scalar for a number, a truth value or nothing.
// Such a one has to stand in quotes to be text.
bool is_number_scalar(std::string_view plain) noexcept;
bool is_boolean_scalar(std::string_view plain) noexcept;

// Refuses patterns (glob_match) that can match no normalised repository: with a tag, a digest, a
// scheme, upper case, white space, or without a "/".
Status check_image_pattern(std::string_view pattern);
// The host that a pattern begins with, if it is written out; "acme" for "acme/*".
std::optional<std::string_view> host_of_pattern(std::string_view pattern) noexcept;
// Whether what stands there is a host by its looks: with "." or ":", or "localhost".
bool looks_like_host(std::string_view name) noexcept;

// Standard Webhooks: "whsec_" and the base64 of 24 to 64 bytes. The message never quotes it.
Status check_webhook_secret(std::string_view text);

// The known word that is nearest to a mistyped one, if one is near enough to be what was meant.
std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> known);

}  // namespace longshore
