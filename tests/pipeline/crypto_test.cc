// SPDX-License-Identifier: Apache-2.0
#include "pipeline/crypto.h"

#include <string>

#include <catch2/catch.hpp>

using longshore::as_bytes;
using longshore::equal_constant_time;
using longshore::from_base64;
using longshore::from_hex;
using longshore::hmac_sha256;
using longshore::sha256;
using longshore::sha512;
using longshore::to_base64;
using longshore::to_hex;

TEST_CASE("sha256 gives the digests of FIPS 180", "[pipeline][crypto]") {
  CHECK(to_hex(as_bytes(sha256(""))) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(as_bytes(sha256("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(as_bytes(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(to_hex(as_bytes(sha256(std::string(1'000'000, 'a')))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha512 gives the digests of FIPS 180", "[pipeline][crypto]") {
  CHECK(to_hex(as_bytes(sha512("abc"))) ==
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("hmac_sha256 gives the codes of RFC 4231", "[pipeline][crypto]") {
  const auto mac = [](std::string_view key, std::string_view data) {
    return to_hex(as_bytes(hmac_sha256(key, data)));
  };
  CHECK(mac(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(mac("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(mac(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(mac(*from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
            std::string(50, '\xcd')) ==
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  CHECK(mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(mac(std::string(131, '\xaa'),
            "This is a test using a larger than block-size key and a larger than block-size data. "
            "The key needs to be hashed before being used by the HMAC algorithm.") ==
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
  CHECK(mac({}, {}) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("Base64 is that of RFC 4648", "[pipeline][crypto]") {
  const auto [plain, encoded] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                          {"f", "Zg=="},
                                                                          {"fo", "Zm8="},
                                                                          {"foo", "Zm9v"},
                                                                          {"foob", "Zm9vYg=="},
                                                                          {"fooba", "Zm9vYmE="},
                                                                          {"foobar", "Zm9vYmFy"},
                                                                          {"\xfb\xff", "+/8="}}));
  CHECK(to_base64(plain) == encoded);
  CHECK(from_base64(encoded) == plain);
}

TEST_CASE("Base64 keeps every byte", "[pipeline][crypto]") {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    bytes += static_cast<char>(i);
    CHECK(from_base64(to_base64(bytes)) == bytes);
  }
}

TEST_CASE("Base64 refuses what is none", "[pipeline][crypto]") {
  const auto text = GENERATE("A", "AB", "ABC", "=", "==", "===", "====", "A===", "Zg=", "Zg",
                             "=Zg=", "Z=g=", "Zm9v\n", "Zm9v ", " Zm9v", "Zm 9v===", "Zm9-", "Zm9_",
                             "Zg==Zg==", "Zm8=Zm8=", "Zm9v====", "Z\xffm9");
  CAPTURE(text);
  CHECK_FALSE(from_base64(text));
}

TEST_CASE("Hex is lower case when written and any case when read", "[pipeline][crypto]") {
  CHECK(to_hex("\x01\xab\xff") == "01abff");
  CHECK(to_hex("").empty());
  CHECK(from_hex("01abff") == "\x01\xab\xff");
  CHECK(from_hex("01ABff") == "\x01\xab\xff");
  CHECK(from_hex("") == "");
  for (const std::string_view text : {"0", "abc", "0g", "g0", " 00", "0x00", "00 ", "-1"}) {
    CAPTURE(text);
    CHECK_FALSE(from_hex(text));
  }
}

TEST_CASE("equal_constant_time is equality", "[pipeline][crypto]") {
  CHECK(equal_constant_time("", ""));
  CHECK(equal_constant_time("secret", "secret"));
  CHECK(equal_constant_time({}, ""));
  CHECK_FALSE(equal_constant_time("secret", "secreT"));
  CHECK_FALSE(equal_constant_time("Secret", "secret"));
  CHECK_FALSE(equal_constant_time("secret", "secret1"));
  CHECK_FALSE(equal_constant_time("secret", ""));
  CHECK_FALSE(equal_constant_time(std::string("a\0b", 3), std::string("a\0c", 3)));
}
