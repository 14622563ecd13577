// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/address.h"

#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/un.h>

using longshore::is_public_address;

TEST_CASE("Addresses of the public internet are public", "[sinks][http]") {
  const std::string address =
      GENERATE("1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.0", "192.167.255.255",
               "169.253.255.255", "100.63.255.255", "100.128.0.0", "198.17.255.255", "198.20.0.0",
               "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8",
               "64:ff9b::8.8.8.8", "2002:808:808::1");
  CAPTURE(address);
  CHECK(is_public_address(address));
}

TEST_CASE("Addresses of this host, of private networks and of no host are not", "[sinks][http]") {
  const std::string address = GENERATE(
      // IPv4
      "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
      "127.0.0.1", "127.255.255.255", "169.254.0.1", "169.254.169.254", "172.16.0.1",
      "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
      "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
      // IPv6
      "::", "::1", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
      "2001:db8::1", "2001::1", "100::1",
      // IPv4 in IPv6
      "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8",
      "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8", "2002:7f00:1::1", "2002:a00:1::1",
      // nothing
      "", "localhost", "127.1", "1.1.1.1:80", "[2606:4700::1111]", "fe80::1%eth0");
  CAPTURE(address);
  CHECK_FALSE(is_public_address(address));
}

TEST_CASE("Sockets other than those of the internet lead to no public address", "[sinks][http]") {
  sockaddr_in6 inet{};
  inet.sin6_family = AF_INET6;
  inet.sin6_addr.s6_addr[0] = 0x26;
  CHECK(is_public_address(reinterpret_cast<const sockaddr&>(inet)));
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  CHECK_FALSE(is_public_address(reinterpret_cast<const sockaddr&>(local)));
}
