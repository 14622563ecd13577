// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tag.h"

#include <string>

#include <catch2/catch.hpp>

using longshore::Errc;
using longshore::Tag;

TEST_CASE("Tag takes what the distribution specification allows", "[pipeline][tag]") {
  const auto text =
      GENERATE(std::string("latest"), std::string("1.4.2"), std::string("v1"), std::string("_"),
               std::string("A-b_c.D"), std::string("0--.."), std::string(128, 'x'));
  CHECK(Tag::parse(text)->str() == text);
}

TEST_CASE("Tag refuses everything else", "[pipeline][tag]") {
  const auto text = GENERATE(
      std::string(), std::string(".x"), std::string("-x"), std::string("a b"), std::string("a+b"),
      std::string("a/b"), std::string("a:b"), std::string("a@b"), std::string("a\n"),
      std::string("\xc3\xa4"), std::string(129, 'x'), std::string("a\0b", 3), std::string("a$"));
  CAPTURE(text);
  const auto tag = Tag::parse(text);
  REQUIRE_FALSE(tag);
  CHECK(tag.error().code == Errc::invalid_input);
  CHECK_THAT(tag.error().message, Catch::StartsWith("tag '"));
}

TEST_CASE("Tag is ordered by bytes", "[pipeline][tag]") {
  CHECK(*Tag::parse("v10") < *Tag::parse("v9"));
  CHECK(*Tag::parse("B") < *Tag::parse("a"));
  CHECK(*Tag::parse("1.4") < *Tag::parse("1.4.0"));
}

TEST_CASE("Tag tells the companions of other images", "[pipeline][tag]") {
  const std::string hex(64, 'a');
  for (const std::string& text : {"sha256-" + hex, "sha256-" + hex + ".sig",
                                  "sha256-" + hex + ".att", "sha256-" + hex + ".0f.x"}) {
    CAPTURE(text);
    CHECK(Tag::parse(text)->is_companion());
  }
  for (const std::string& text :
       {std::string("latest"), "sha256-" + hex.substr(1), "sha256-" + hex + "a",
        "sha256-" + hex + "-x", "sha512-" + hex, "Sha256-" + hex, "sha256-" + std::string(64, 'A'),
        "x-sha256-" + hex, "sha256_" + hex}) {
    CAPTURE(text);
    CHECK_FALSE(Tag::parse(text)->is_companion());
  }
}
