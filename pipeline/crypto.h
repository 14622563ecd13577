// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace longshore {

// Hashes and encodings; the one place that includes OpenSSL's. All functions are pure and safe
// from every thread.

using Sha1 = std::array<std::uint8_t, 20>;
using Sha256 = std::array<std::uint8_t, 32>;
using Sha512 = std::array<std::uint8_t, 64>;

Sha256 sha256(std::string_view bytes);
Sha512 sha512(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
Sha1 hmac_sha1(std::string_view key, std::string_view bytes);  // only where a sender has no other

// Compares in a time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

template <std::size_t size>
std::string_view as_bytes(const std::array<std::uint8_t, size>& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string to_hex(std::string_view bytes);  // lower case
std::optional<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);  // RFC 4648 section 4, padded
std::optional<std::string> from_base64(std::string_view text);

}  // namespace longshore
