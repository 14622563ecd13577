// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/edit.h"

#include <catch2/catch.hpp>

#include "sinks/files/yaml.h"

using longshore::apply_edits;
using longshore::Errc;
using longshore::is_plain_string;
using longshore::ScalarEdit;

namespace {

ScalarEdit edit_of(std::string_view bytes, std::string_view from, std::string_view to) {
  const std::size_t begin = bytes.find(from);
  REQUIRE(begin != std::string_view::npos);
  return {begin, begin + from.size(), std::string(from), std::string(to)};
}

std::string edited(std::string_view bytes, std::string_view from, std::string_view to) {
  const auto result = apply_edits(bytes, {edit_of(bytes, from, to)});
  CAPTURE(bytes);
  INFO((result ? "" : result.error().message));
  REQUIRE(result);
  return *result;
}

Errc refusal(std::string_view bytes, std::string_view from, std::string_view to) {
  const auto result = apply_edits(bytes, {edit_of(bytes, from, to)});
  CAPTURE(bytes);
  REQUIRE_FALSE(result);
  CHECK_FALSE(result.error().message.empty());
  return result.error().code;
}

struct Golden {
  std::string before;
  std::string after;
};

}  // namespace

TEST_CASE("An edit changes the bytes of the scalar and no others", "[sinks][files][edit]") {
  const auto item =
      GENERATE(Golden{"image: a/b:1 # why\n", "image: a/b:2 # why\n"},
               Golden{"image: \"a/b:1\"  \n", "image: \"a/b:2\"  \n"},
               Golden{"image: 'a/b:1'\t# x\n", "image: 'a/b:2'\t# x\n"},
               Golden{"image: &img a/b:1\nother: *img\n", "image: &img a/b:2\nother: *img\n"},
               Golden{"image: !!str a/b:1\n", "image: !!str a/b:2\n"},
               Golden{"x: {image: a/b:1, y: [1, 2]}\n", "x: {image: a/b:2, y: [1, 2]}\n"},
               Golden{"x:\r\n  image: a/b:1\r\n# end\r\n", "x:\r\n  image: a/b:2\r\n# end\r\n"},
               Golden{"\xEF\xBB\xBFimage: a/b:1\n", "\xEF\xBB\xBFimage: a/b:2\n"},
               Golden{"image: a/b:1", "image: a/b:2"},
               Golden{"größe: ü\nimage: a/b:1\n", "größe: ü\nimage: a/b:2\n"},
               Golden{"---\na: 1\n---\nimage: a/b:1\n...\n", "---\na: 1\n---\nimage: a/b:2\n...\n"},
               Golden{"- image: a/b:1\n\n\n-   z:   9\n", "- image: a/b:2\n\n\n-   z:   9\n"},
               Golden{"%YAML 1.2\n---\nimage: a/b:1\n", "%YAML 1.2\n---\nimage: a/b:2\n"});
  CHECK(edited(item.before, "a/b:1", "a/b:2") == item.after);
}

TEST_CASE("Several scalars change in one edit, in any order", "[sinks][files][edit]") {
  const std::string bytes = "tag: '1.1'\ndigest: \"old\"\n";
  const auto result =
      apply_edits(bytes, {edit_of(bytes, "old", "new"), edit_of(bytes, "1.1", "1.2.3")});
  REQUIRE(result);
  CHECK(*result == "tag: '1.2.3'\ndigest: \"new\"\n");
}

TEST_CASE("An empty quoted scalar can be filled", "[sinks][files][edit]") {
  const std::string bytes = "tag: v1\ndigest: \"\"\n";
  const std::size_t inside = bytes.find("\"\"") + 1;
  const auto result = apply_edits(bytes, {ScalarEdit{inside, inside, "", "sha256:ab"}});
  REQUIRE(result);
  CHECK(*result == "tag: v1\ndigest: \"sha256:ab\"\n");
}

TEST_CASE("A plain scalar is quoted only if it would not be read as a string",
          "[sinks][files][edit]") {
  CHECK(edited("tag: 1.9\n", "1.9", "1.10") == "tag: \"1.10\"\n");
  CHECK(edited("tag: 1.9.0\n", "1.9.0", "1.9.1") == "tag: 1.9.1\n");
  CHECK(edited("tag: v1\n", "v1", "1e3") == "tag: \"1e3\"\n");
  CHECK(edited("tag: v1\n", "v1", "on") == "tag: \"on\"\n");
  CHECK(edited("tag: v1\n", "v1", "null") == "tag: \"null\"\n");
  CHECK(edited("tag: '1.9'\n", "1.9", "1.10") == "tag: '1.10'\n");
  CHECK(edited("x: {tag: 1.9}\n", "1.9", "1.10") == "x: {tag: \"1.10\"}\n");
}

TEST_CASE("What some YAML parser takes for a number, a date or a word is no plain string",
          "[sinks][files][yaml]") {
  const auto typed =
      GENERATE("", "1", "1.10", "007", "1_000", "1e3", "12e4567", "0x1F", "0o17", "0b11", "1.",
               "3.e", "1:30", "2024-01-15", "2024-1-5", "on", "Off", "YES", "n", "Null", "TRUE",
               "nan", "Inf", "-x", "*x", "a: b", "a:", "x #y", "[::1]/a:1", "a,b");
  CAPTURE(typed);
  CHECK_FALSE(is_plain_string(typed));
}

TEST_CASE("Ordinary tags and images are plain strings", "[sinks][files][yaml]") {
  const auto plain = GENERATE("1.4.2", "v1", "latest", "1.4-rc.1", "20240115-abc", "deadbeef", "_x",
                              "host:5000/a/b:1@sha256:0a", "nginx:1.25", "1.2.3.4", "e5", "1234f",
                              "2024.01.15", "1-2");
  CAPTURE(plain);
  CHECK(is_plain_string(plain));
}

TEST_CASE("What cannot be replaced safely is refused", "[sinks][files][edit]") {
  CHECK(refusal("image: |\n  a/b:1\n", "  a/b:1\n", "a/b:2") == Errc::unsupported);
  CHECK(refusal("x: &i a:1\nimage: *i\nz: 1\n", "i\nz", "a:2") == Errc::conflict);
  CHECK(refusal("image: \"a\\x41\"\n", "a\\x41", "a:2") == Errc::unsupported);
  CHECK(refusal("image: a\n  b\n", "a\n  b", "a:2") == Errc::unsupported);
  CHECK(refusal("image: a:1\n", "a:1", "a b") == Errc::unsupported);
  CHECK(refusal("image: a:1\n", "a:1", "a\"b") == Errc::unsupported);
  CHECK(refusal("image: a:1\n", "a:1", "") == Errc::unsupported);
  CHECK(refusal("image: a:1\nimage: a:1\n", "a:1", "a:2") == Errc::invalid_input);
}

TEST_CASE("An alias is refused, not followed", "[sinks][files][edit]") {
  const std::string bytes = "x: &name a:1\nimage: *name\n";
  const std::size_t at = bytes.find("*name") + 1;
  const auto result = apply_edits(bytes, {ScalarEdit{at, at + 4, "name", "a:2"}});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::unsupported);
}

TEST_CASE("An edit of what does not stand there is a conflict", "[sinks][files][edit]") {
  const std::string bytes = "image: a:1\n";
  CHECK(apply_edits(bytes, {ScalarEdit{7, 10, "a:9", "a:2"}}).error().code == Errc::conflict);
  CHECK(apply_edits(bytes, {ScalarEdit{7, 99, "a:1", "a:2"}}).error().code == Errc::conflict);
  CHECK(apply_edits(bytes, {ScalarEdit{7, 9, "a:", "a"}}).error().code == Errc::conflict);
  const ScalarEdit twice{7, 10, "a:1", "a:2"};
  CHECK(apply_edits(bytes, {twice, twice}).error().code == Errc::conflict);
}

TEST_CASE("An edit that would read back as something else is refused", "[sinks][files][edit]") {
  // "a,b" ends the value in a flow mapping; quotes keep it in one piece.
  CHECK(edited("x: {i: a}\n", "a", "a,b") == "x: {i: \"a,b\"}\n");
  CHECK(refusal("? a:1\n: b\n", "a:1", "b\nc") == Errc::unsupported);
}
