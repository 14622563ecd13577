// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/yaml.h"

#include <catch2/catch.hpp>

using longshore::parse_yaml;
using longshore::text_at;

namespace {

std::string times(std::size_t count, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += text;
  return all;
}

std::string value_of(const std::string& written) {
  const auto file = parse_yaml("key: " + written + "\n");
  REQUIRE(file);
  REQUIRE(file->documents.size() == 1);
  return std::string(text_at(file->documents[0], "key"));
}

}  // namespace

TEST_CASE("A text in single quotes is its value", "[sinks][yaml]") {
  // LeakSanitizer fails this if the library is asked for the text.
  for (const std::size_t count : {0U, 1U, 5U, 1000U}) {
    CHECK(value_of("'a" + times(count, "''") + "'") == "a" + times(count, "'"));
    CHECK(value_of("'" + times(count, "a'' ") + "'") == times(count, "a' "));
  }
  CHECK(value_of("'a\n  b'") == "a b");
  CHECK(value_of("'a''\n  b'") == "a'\n  b");
}

TEST_CASE("A text in double quotes is its value", "[sinks][yaml]") {
  for (const std::size_t count : {0U, 5U, 1000U}) {
    CHECK(value_of("\"a" + times(count, "\\\"\\x41") + "\"") == "a" + times(count, "\"A"));
  }
}

TEST_CASE("Quotes and backslashes outside quotes are text", "[sinks][yaml]") {
  CHECK(value_of("a" + times(500, "''")) == "a" + times(500, "''"));
  CHECK(value_of("a" + times(500, "\\n")) == "a" + times(500, "\\n"));
  CHECK(value_of("|\n" + times(500, "  '\\n''\n")) == times(500, "'\\n''\n"));
}
