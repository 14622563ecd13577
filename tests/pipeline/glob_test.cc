// SPDX-License-Identifier: Apache-2.0
#include "pipeline/glob.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

using longshore::glob_match;

namespace {

struct Case {
  std::string_view pattern;
  std::string_view text;
};

// What the pattern means, without care for time.
bool slow_match(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return slow_match(pattern.substr(1), text) ||
           (!text.empty() && slow_match(pattern, text.substr(1)));
  }
  if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
  return slow_match(pattern.substr(1), text.substr(1));
}

}  // namespace

TEST_CASE("glob_match finds what the pattern means", "[pipeline][glob]") {
  const auto item = GENERATE(
      Case{"", ""}, Case{"*", ""}, Case{"*", "a/b"}, Case{"**", ""}, Case{"a", "a"}, Case{"?", "a"},
      Case{"docker.io/acme/*", "docker.io/acme/shop/web"}, Case{"*/web", "ghcr.io/acme/web"},
      Case{"ghcr.io/*/web", "ghcr.io/a/b/web"}, Case{"*a*b", "xaxbxb"}, Case{"a*", "a"},
      Case{"*.*", "a.b"}, Case{"a?c*", "abc"}, Case{"[a]", "[a]"}, Case{"a\\*", "a\\b"});
  CAPTURE(item.pattern, item.text);
  CHECK(glob_match(item.pattern, item.text));
}

TEST_CASE("glob_match finds nothing else", "[pipeline][glob]") {
  const auto item =
      GENERATE(Case{"", "a"}, Case{"a", ""}, Case{"?", ""}, Case{"?", "ab"}, Case{"a", "A"},
               Case{"docker.io/acme/*", "docker.io/acme"}, Case{"*/web", "web"},
               Case{"docker.io/acme/*", "xdocker.io/acme/a"}, Case{"*a*b", "ba"}, Case{"[a]", "a"},
               Case{"a.c", "abc"}, Case{"*?", ""});
  CAPTURE(item.pattern, item.text);
  CHECK_FALSE(glob_match(item.pattern, item.text));
}

TEST_CASE("glob_match agrees with the plain definition", "[pipeline][glob][random]") {
  std::mt19937 random(20260301);
  const auto make = [&](std::string_view alphabet) {
    std::string text;
    for (auto size = random() % 8; size > 0; --size)
      text += alphabet[random() % alphabet.size()];
    return text;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string pattern = make("ab*?");
    const std::string text = make("ab");
    if (glob_match(pattern, text) != slow_match(pattern, text)) {
      FAIL("'" << pattern << "' against '" << text << "'");
    }
  }
}

TEST_CASE("glob_match is not slowed down by many stars", "[pipeline][glob]") {
  std::string pattern;
  for (int i = 0; i < 500; ++i)
    pattern += "*a";
  CHECK_FALSE(glob_match(pattern + "b", std::string(5'000, 'a')));
}
