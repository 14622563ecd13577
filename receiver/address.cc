// SPDX-License-Identifier: Apache-2.0
#include "receiver/address.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <arpa/inet.h>

#include "pipeline/text.h"

namespace longshore {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr unsigned kBits = 128;
constexpr unsigned kMappedBits = 96;  // ::ffff:0:0/96, RFC 4291, section 2.5.5.2

struct Parsed {
  Bytes bytes{};
  bool is_v4 = false;
};

std::optional<Parsed> parse_address(std::string_view text) {
  const std::string terminated(text);
  Parsed parsed;
  if (::inet_pton(AF_INET, terminated.c_str(), parsed.bytes.data() + 12) == 1) {
    parsed.bytes[10] = parsed.bytes[11] = 0xff;
    parsed.is_v4 = true;
    return parsed;
  }
  if (::inet_pton(AF_INET6, terminated.c_str(), parsed.bytes.data()) == 1) return parsed;
  return std::nullopt;
}

// The address of "192.0.2.7:4711", "[2001:db8::1]:4711" or one without a port.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    return close == std::string_view::npos ? text : text.substr(1, close - 1);
  }
  const std::size_t colon = text.find(':');
  return colon == text.rfind(':') ? text.substr(0, colon) : text;
}

// The entries of all X-Forwarded-For fields, the last first.
std::vector<std::string_view> forwarded_for(const Headers& headers) {
  std::vector<std::string_view> entries;
  for (const auto& [name, value] : headers) {
    if (!equal_without_case(name, "X-Forwarded-For")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      entries.push_back(trim(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  std::reverse(entries.begin(), entries.end());
  return entries;
}

}  // namespace

Result<AddressBlock> AddressBlock::parse(std::string_view text) {
  const Error bad{Errc::invalid_input, in_quotes(text) +
                                           " is no IP address and no block of them, such as "
                                           "192.0.2.7, 10.0.0.0/8 or 2001:db8::/32"};
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return bad;
  if (slash == std::string_view::npos) return AddressBlock(address->bytes, kBits);
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || bits > (address->is_v4 ? kBits - kMappedBits : kBits)) return bad;
  return AddressBlock(address->bytes, address->is_v4 ? bits + kMappedBits : bits);
}

bool AddressBlock::contains(std::string_view address) const {
  const auto other = parse_address(address);
  if (!other) return false;
  const unsigned whole = bits_ / 8;
  if (!std::equal(bytes_.begin(), bytes_.begin() + whole, other->bytes.begin())) return false;
  const unsigned rest = bits_ % 8;
  return rest == 0 || (bytes_[whole] ^ other->bytes[whole]) >> (8 - rest) == 0;
}

bool any_contains(std::span<const AddressBlock> blocks, std::string_view address) {
  return std::ranges::any_of(blocks,
                             [&](const AddressBlock& block) { return block.contains(address); });
}

std::string sender_address(std::string_view peer, const Headers& headers,
                           std::span<const AddressBlock> trusted_proxies) {
  std::string_view sender = peer;
  if (trusted_proxies.empty() || !any_contains(trusted_proxies, peer)) return std::string(sender);
  for (const std::string_view entry : forwarded_for(headers)) {
    const std::string_view address = without_port(entry);
    if (!parse_address(address)) break;
    sender = address;
    if (!any_contains(trusted_proxies, address)) break;
  }
  return std::string(sender);
}

}  // namespace longshore
