// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <sys/socket.h>

namespace longshore {

// True for an address of the public internet, by the special-purpose registries of IANA (RFC 6890).
//
// False for what a name from elsewhere must never lead us to: this host (127/8, 0/8, ::1, ::),
// private networks (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7, fec0::/10), the link
// (169.254/16 with the clouds' metadata services, fe80::/10), 192.0.0/24, documentation and
// benchmarks (192.0.2/24, 198.51.100/24, 203.0.113/24, 198.18/15, 2001:db8::/32), multicast,
// broadcast and reserved ones (224/3, ff00::/8); for IPv6 addresses that hold one of these of IPv4
// (::ffff:0:0/96, 64:ff9b::/96, 2002::/16) or may hide one (::/96, 64:ff9b:1::/48, Teredo's
// 2001::/32); and for what is not an address of IPv4 or IPv6.
bool is_public_address(const sockaddr& address);
// The same for an address as text, without a port; brackets and a zone are no part of it.
bool is_public_address(const std::string& text);

}  // namespace longshore
