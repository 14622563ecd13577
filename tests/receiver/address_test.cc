// SPDX-License-Identifier: Apache-2.0
#include "receiver/address.h"

#include <catch2/catch.hpp>

using longshore::AddressBlock;
using longshore::Headers;
using longshore::sender_address;

namespace {

bool contains(const char* block, const char* address) {
  const auto parsed = AddressBlock::parse(block);
  REQUIRE(parsed);
  return parsed->contains(address);
}

std::string sender(const char* peer, const Headers& headers) {
  const std::vector<AddressBlock> trusted = {*AddressBlock::parse("10.0.0.0/8"),
                                             *AddressBlock::parse("fd00::/8")};
  return sender_address(peer, headers, trusted);
}

Headers forwarded(const char* value) {
  return {{"X-Forwarded-For", value}};
}

}  // namespace

TEST_CASE("A block of addresses contains those that begin alike", "[receiver][address]") {
  CHECK(contains("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  CHECK(contains("10.1.2.3/8", "10.9.9.9"));
  CHECK(contains("192.0.2.128/25", "192.0.2.255"));
  CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  CHECK(contains("192.0.2.7", "192.0.2.7"));
  CHECK_FALSE(contains("192.0.2.7", "192.0.2.6"));
  CHECK(contains("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  CHECK(contains("::/0", "2001:db8::1"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
  CHECK(contains("::ffff:192.0.2.9", "192.0.2.9"));
  CHECK_FALSE(contains("192.0.2.0/24", "no address"));
  CHECK_FALSE(contains("192.0.2.0/24", ""));
}

TEST_CASE("What is no block of addresses is refused", "[receiver][address]") {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ",
                           "10.0.0/8", "::/129", "example.com", "10.0.0.0/8/8", "10.0.0.256"}) {
    CAPTURE(text);
    CHECK_FALSE(AddressBlock::parse(text));
  }
}

TEST_CASE("Whoever is no trusted proxy speaks for itself", "[receiver][address]") {
  CHECK(sender("203.0.113.9", {}) == "203.0.113.9");
  CHECK(sender("203.0.113.9", forwarded("198.51.100.1")) == "203.0.113.9");
  CHECK(sender_address("10.0.0.1", forwarded("198.51.100.1"), {}) == "10.0.0.1");
}

TEST_CASE("A trusted proxy names the sender, and what stands before that is hearsay",
          "[receiver][address]") {
  CHECK(sender("10.0.0.1", {}) == "10.0.0.1");
  CHECK(sender("10.0.0.1", forwarded("198.51.100.1")) == "198.51.100.1");
  CHECK(sender("10.0.0.1", forwarded("1.2.3.4, 198.51.100.1")) == "198.51.100.1");
  CHECK(sender("10.0.0.1", forwarded("1.2.3.4,198.51.100.1 , 10.0.0.7")) == "198.51.100.1");
  CHECK(sender("10.0.0.1", forwarded("10.0.0.9, 10.0.0.7")) == "10.0.0.9");
  CHECK(sender("::ffff:10.0.0.1", forwarded("198.51.100.1:4711")) == "198.51.100.1");
  CHECK(sender("fd00::1", forwarded("[2001:db8::1]:4711")) == "2001:db8::1");
  CHECK(sender("fd00::1", forwarded("2001:db8::1")) == "2001:db8::1");
}

TEST_CASE("Fields that come twice are one list", "[receiver][address]") {
  const Headers headers = {
      {"x-forwarded-for", "198.51.100.1"}, {"Host", "a"}, {"X-Forwarded-For", "10.0.0.7"}};
  CHECK(sender("10.0.0.1", headers) == "198.51.100.1");
}

TEST_CASE("What cannot be read is not gone beyond", "[receiver][address]") {
  CHECK(sender("10.0.0.1", forwarded("198.51.100.1, unknown")) == "10.0.0.1");
  CHECK(sender("10.0.0.1", forwarded("198.51.100.1, , 10.0.0.7")) == "10.0.0.7");
  CHECK(sender("10.0.0.1", forwarded("198.51.100.1,")) == "198.51.100.1");
  CHECK(sender("10.0.0.1", forwarded("[2001:db8::1")) == "10.0.0.1");
}
