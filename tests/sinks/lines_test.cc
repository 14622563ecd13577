// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/lines.h"

#include <vector>

#include <catch2/catch.hpp>

using longshore::LineReader;

TEST_CASE("LineReader finds the same lines wherever the text is cut", "[sinks][http]") {
  const std::string text = "one\n\ntwo and more\nthree\r\n\nhalf";
  const std::vector<std::string> expected = {"one", "two and more", "three\r"};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineReader reader(100);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at += size) {
      CHECK(reader.add(std::string_view(text).substr(at, size), [&](std::string_view line) {
        lines.emplace_back(line);
        return true;
      }) == LineReader::Read::all);
    }
    CHECK(lines == expected);
  }
}

TEST_CASE("LineReader ends with whoever reads its lines", "[sinks][http]") {
  LineReader reader(100);
  int lines = 0;
  CHECK(reader.add("a\nb\nc\n", [&](std::string_view) { return ++lines < 2; }) ==
        LineReader::Read::ended);
  CHECK(lines == 2);
}

TEST_CASE("LineReader takes no line that is too long, whole or in pieces", "[sinks][http]") {
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  CHECK(LineReader(4).add("1234\n1234\n", keep) == LineReader::Read::all);
  CHECK(lines == std::vector<std::string>{"1234", "1234"});
  CHECK(LineReader(4).add("12345\n", keep) == LineReader::Read::too_long);
  LineReader pieces(4);
  CHECK(pieces.add("123", keep) == LineReader::Read::all);
  CHECK(pieces.add("45", keep) == LineReader::Read::too_long);
  CHECK(lines.size() == 2);
}
