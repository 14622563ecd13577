// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"
#include "receiver/http_message.h"

namespace longshore {

// IP addresses that begin alike: "10.0.0.0/8", "2001:db8::/32", or one: "192.0.2.7". IPv4 in the
// form of IPv6 ("::ffff:192.0.2.7") is IPv4. Bits behind the prefix count for nothing.
class AddressBlock {
 public:
  // invalid_input for what is neither; names are not looked up.
  static Result<AddressBlock> parse(std::string_view text);

  bool contains(std::string_view address) const;  // false for what is no address
  friend bool operator==(const AddressBlock&, const AddressBlock&) = default;

 private:
  using Bytes = std::array<std::uint8_t, 16>;
  AddressBlock(const Bytes& bytes, unsigned bits) : bytes_(bytes), bits_(bits) {}

  Bytes bytes_;
  unsigned bits_;  // of the prefix, 0 to 128
};

bool any_contains(std::span<const AddressBlock> blocks, std::string_view address);

// Who a request comes from: the peer of the connection, or whoever the proxies in between name, if
// the peer is one of those that are trusted. X-Forwarded-For is read from its end, where our own
// proxies write: the first address that is none of theirs counts, and what stands before it is
// hearsay. Where it ends or cannot be read, it is the last one that was known.
std::string sender_address(std::string_view peer, const Headers& headers,
                           std::span<const AddressBlock> trusted_proxies);

}  // namespace longshore
