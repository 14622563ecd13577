// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace longshore {
namespace {

struct Block4 {
  std::uint32_t address;
  unsigned bits;
};

constexpr std::uint32_t quad(unsigned a, unsigned b = 0, unsigned c = 0, unsigned d = 0) {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr std::array kDenied4{
    Block4{quad(0), 8},
    Block4{quad(10), 8},
    Block4{quad(100, 64), 10},
    Block4{quad(127), 8},
    Block4{quad(169, 254), 16},
    Block4{quad(172, 16), 12},
    Block4{quad(192, 0, 0), 24},
    Block4{quad(192, 0, 2), 24},
    Block4{quad(192, 168), 16},
    Block4{quad(198, 18), 15},
    Block4{quad(198, 51, 100), 24},
    Block4{quad(203, 0, 113), 24},
    Block4{quad(224), 3},
};

bool is_public4(std::uint32_t address) {
  return std::none_of(kDenied4.begin(), kDenied4.end(), [address](const Block4& block) {
    return (address ^ block.address) >> (32 - block.bits) == 0;
  });
}

using Bytes6 = std::span<const std::uint8_t, 16>;

bool starts(Bytes6 address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

std::uint32_t word(Bytes6 address, std::size_t at) {
  return quad(address[at], address[at + 1], address[at + 2], address[at + 3]);
}

bool is_public6(Bytes6 address) {
  const bool zeros = std::all_of(address.begin(), address.begin() + 10,
                                 [](std::uint8_t byte) { return byte == 0; });
  if (zeros) return word(address, 8) == 0xffff && is_public4(word(address, 12));
  if (starts(address, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {
    return is_public4(word(address, 12));
  }
  if (starts(address, {0x20, 0x02})) return is_public4(word(address, 2));
  // What is left of 2000::/3 is what IANA hands out as global unicast.
  if ((address[0] & 0xe0) != 0x20) return false;
  return !starts(address, {0x20, 0x01, 0x00, 0x00}) && !starts(address, {0x20, 0x01, 0x0d, 0xb8});
}

bool is_public6(const in6_addr& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  return is_public6(Bytes6(bytes));
}

}  // namespace

bool is_public_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in inet{};
    std::memcpy(&inet, &address, sizeof inet);
    return is_public4(ntohl(inet.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 inet{};
    std::memcpy(&inet, &address, sizeof inet);
    return is_public6(inet.sin6_addr);
  }
  return false;
}

bool is_public_address(const std::string& text) {
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return is_public4(ntohl(four.s_addr));
  in6_addr six{};
  return inet_pton(AF_INET6, text.c_str(), &six) == 1 && is_public6(six);
}

}  // namespace longshore
