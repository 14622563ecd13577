// SPDX-License-Identifier: Apache-2.0
#include "pipeline/json_text.h"

#include <catch2/catch.hpp>

namespace {

std::string json_of(std::string_view text) {
  std::string out = "x";
  longshore::append_json_string(out, text);
  REQUIRE(out.front() == 'x');
  return out.substr(1);
}

}  // namespace

TEST_CASE("A JSON string has quotes, and plain text stays as it is", "[pipeline][json_text]") {
  CHECK(json_of("") == "\"\"");
  CHECK(json_of("docker.io/acme/app:1.2") == "\"docker.io/acme/app:1.2\"");
  CHECK(json_of("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x9A\xA2") ==
        "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x9A\xA2\"");
}

TEST_CASE("A JSON string escapes what could end it or move a terminal", "[pipeline][json_text]") {
  CHECK(json_of("a\"b\\c") == R"("a\"b\\c")");
  CHECK(json_of("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(json_of(std::string_view("\0\x1B\x7F", 3)) == R"("\u0000\u001b\u007f")");
  CHECK(json_of("\xC2\x80\xC2\x9B\xC2\xA0") == "\"\\u0080\\u009b\xC2\xA0\"");
}

TEST_CASE("A JSON string has U+FFFD for each piece that is not UTF-8", "[pipeline][json_text]") {
  struct Case {
    std::string_view text;
    int replaced;
  };
  const auto item =
      GENERATE(Case{"\xFF", 1}, Case{"\x80\x80", 2}, Case{"\xC3", 1}, Case{"\xE2\x82", 1},
               Case{"\xF0\x9F\x9A", 1}, Case{"\xC0\xAF", 2},  // overlong
               Case{"\xE0\x80\xAF", 3},                       // overlong
               Case{"\xED\xA0\x80", 3},                       // a surrogate
               Case{"\xF4\x90\x80\x80", 4},                   // above U+10FFFF
               Case{"\xF1\x80\x80\xE1\x80\xC2", 3});
  std::string expected = "\"<";
  for (int i = 0; i < item.replaced; ++i)
    expected += "\xEF\xBF\xBD";
  CHECK(json_of("<" + std::string(item.text) + ">") == expected + ">\"");
}
