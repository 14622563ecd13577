// SPDX-License-Identifier: Apache-2.0
#include "pipeline/digest.h"

#include <string>

#include <catch2/catch.hpp>

using longshore::Digest;
using longshore::Errc;

TEST_CASE("Digest takes sha256 and sha512 as they are written", "[pipeline][digest]") {
  const std::string sha256 = "sha256:" + std::string(60, '0') + "9af1";
  const std::string sha512 = "sha512:" + std::string(128, 'f');
  CHECK(Digest::parse(sha256)->str() == sha256);
  CHECK(Digest::parse(sha512)->str() == sha512);
}

TEST_CASE("Digest refuses what no registry would serve", "[pipeline][digest]") {
  const std::string hex(64, 'a');
  const auto text = GENERATE_COPY(
      std::string(), hex, ":" + hex, "sha256:", "sha256:" + hex + "a", "sha256:" + hex.substr(1),
      "sha512:" + hex, "SHA256:" + hex, "sha256:" + std::string(64, 'A'),
      "sha256:" + std::string(64, 'g'), " sha256:" + hex, "sha256:" + hex + " ",
      "sha256:" + hex + "\n", "sha256-" + hex, "md5:" + std::string(32, 'a'),
      "sha256:" + hex.substr(1) + std::string(1, '\0'), "sha256:sha256:" + hex);
  CAPTURE(text);
  const auto digest = Digest::parse(text);
  REQUIRE_FALSE(digest);
  CHECK(digest.error().code == Errc::invalid_input);
  CHECK_THAT(digest.error().message, Catch::StartsWith("digest '"));
}

TEST_CASE("Digest says what is wrong without repeating a text of any length",
          "[pipeline][digest]") {
  CHECK_THAT(Digest::parse("sha256:12").error().message, Catch::Contains("64 hex digits"));
  CHECK_THAT(Digest::parse("md5:12").error().message, Catch::Contains("sha256 or sha512"));
  CHECK(Digest::parse(std::string(1'000'000, 'a')).error().message.size() < 300);
}

TEST_CASE("Digest has a brief form and an order", "[pipeline][digest]") {
  const Digest a = *Digest::parse("sha256:0123456789abcdef" + std::string(48, '0'));
  const Digest b = *Digest::parse("sha256:" + std::string(64, 'b'));
  CHECK(a.brief() == "sha256:0123456789ab");
  CHECK(a < b);
  CHECK(a == *Digest::parse(a.str()));
  CHECK(a != b);
}
