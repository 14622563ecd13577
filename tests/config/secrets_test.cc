// SPDX-License-Identifier: Apache-2.0
#include "config/secrets.h"

#include <catch2/catch.hpp>

#include "tests/config/variable.h"
#include "tests/support/temp_folder.h"

using longshore::expand;
using longshore::test::TempFolder;
using longshore::test::Variable;

namespace {

std::string expanded(std::string_view text, const std::filesystem::path& folder = "/") {
  const auto expansion = expand(text, folder);
  return expansion.text ? *expansion.text : "error: " + expansion.text.error().message;
}

}  // namespace

TEST_CASE("A text without references is itself", "[config][secrets]") {
  const auto text = GENERATE("", "plain", "robot$longshore", "$", "100%", "a}b{", "$env:X", "$$");
  CHECK(expanded(text) == text);
  CHECK_FALSE(longshore::has_reference(text));
}

TEST_CASE("References are replaced anywhere inside a text", "[config][secrets]") {
  const Variable user("LONGSHORE_TEST_USER", "ann");
  const Variable word("LONGSHORE_TEST_WORD", "s3cret");
  CHECK(expanded("${env:LONGSHORE_TEST_WORD}") == "s3cret");
  CHECK(expanded("<${env:LONGSHORE_TEST_USER}:${env:LONGSHORE_TEST_WORD}>") == "<ann:s3cret>");
  CHECK(longshore::has_reference("a${env:X}"));
}

TEST_CASE("A doubled dollar stands for itself before a brace", "[config][secrets]") {
  const Variable word("LONGSHORE_TEST_WORD", "s3cret");
  CHECK(expanded("$${env:LONGSHORE_TEST_WORD}") == "${env:LONGSHORE_TEST_WORD}");
  CHECK(expanded("$${a}${env:LONGSHORE_TEST_WORD}") == "${a}s3cret");
}

TEST_CASE("What was put in is not looked at again", "[config][secrets]") {
  const Variable word("LONGSHORE_TEST_WORD", "${env:HOME}");
  CHECK(expanded("${env:LONGSHORE_TEST_WORD}") == "${env:HOME}");
}

TEST_CASE("A file stands for its content without its last line break", "[config][secrets]") {
  const TempFolder folder;
  const auto content = GENERATE("s3cret", "s3cret\n", "s3cret\r\n");
  folder.write("keys/one", content);
  CHECK(expanded("${file:keys/one}", folder.path()) == "s3cret");
  CHECK(expanded("${file:./keys/one}", folder.path()) == "s3cret");
  CHECK(expanded("${file:" + (folder.path() / "keys/one").string() + "}") == "s3cret");
}

TEST_CASE("Only one line break is removed", "[config][secrets]") {
  const TempFolder folder;
  folder.write("one", "s3cret\n\n");
  CHECK(expanded("${file:one}", folder.path()) == "s3cret\n");
}

TEST_CASE("Every file that was met is named, readable or not", "[config][secrets]") {
  const TempFolder folder;
  folder.write("one", "1");
  const auto good = expand("${file:one}${file:./one}", folder.path());
  CHECK(good.files == std::vector{folder.path() / "one", folder.path() / "one"});
  const auto missing = expand("${file:one}${file:two}", folder.path());
  CHECK_FALSE(missing.text);
  CHECK(missing.files == std::vector{folder.path() / "one", folder.path() / "two"});
}

TEST_CASE("What cannot be replaced is an error that says why", "[config][secrets]") {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  const TempFolder folder;
  folder.write("empty", "");
  folder.write("blank", "\n");
  folder.write("large", std::string((64U << 10) + 1, 'x'));
  folder.folder("sub");
  const Variable none("LONGSHORE_TEST_EMPTY", "");
  const auto item = GENERATE(
      Case{"${env:LONGSHORE_TEST_MISSING}", "'LONGSHORE_TEST_MISSING' is not set"},
      Case{"${env:LONGSHORE_TEST_EMPTY}", "is empty"}, Case{"${env:}", "needs the name"},
      Case{"${env:1X}", "needs the name"}, Case{"${env:a b}", "needs the name"},
      Case{"${file:nowhere}", "does not exist"}, Case{"${file:sub}", "is a folder"},
      Case{"${file:empty}", "is empty"}, Case{"${file:blank}", "is empty"},
      Case{"${file:large}", "is larger than"}, Case{"${file:/dev/null}", "not a regular file"},
      Case{"${file:}", "has to be ${env:NAME} or ${file:path}"},
      Case{"${HOME}", "has to be ${env:NAME} or ${file:path}"},
      Case{"${}", "has to be ${env:NAME} or ${file:path}"}, Case{"a${env:X", "not closed"});
  CAPTURE(item.text);
  const auto expansion = expand(item.text, folder.path());
  REQUIRE_FALSE(expansion.text);
  CHECK(expansion.text.error().code == longshore::Errc::invalid_input);
  CHECK_THAT(expansion.text.error().message, Catch::Contains(std::string(item.message)));
}
