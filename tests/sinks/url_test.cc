// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/url.h"

#include <catch2/catch.hpp>

using Catch::Matchers::Contains;
using longshore::Url;

TEST_CASE("Url names what will be dialled", "[sinks][http]") {
  const auto url = Url::parse("HTTPS://Registry.Example.com/v2/?a=b#part");
  REQUIRE(url);
  CHECK(url->scheme() == "https");
  CHECK(url->authority() == "registry.example.com:443");
  CHECK_THAT(url->str(), !Contains("#"));
  CHECK(Url::parse("http://127.0.0.1:5000")->authority() == "127.0.0.1:5000");
  CHECK(Url::parse("http://[::1]:5000/")->authority() == "[::1]:5000");
  // Spellings of an address that resolvers take too.
  CHECK(Url::parse("http://0x7f000001/")->host() == "127.0.0.1");
  CHECK(Url::parse("http://2130706433/")->host() == "127.0.0.1");
}

TEST_CASE("Url refuses what is not plainly http or https", "[sinks][http]") {
  const std::string text =
      GENERATE("", "registry.example.com", "//registry.example.com/", "/v2/", "ftp://a/",
               "file:///etc/passwd", "https://", "https://user@a/", "https://user:secret@a/",
               "https://a b/", "https://a/\r\nX: y", "https://a\\@b/", "https://a:99999/",
               "javascript:alert(1)", "https://\xc3\xa4/");
  CAPTURE(text);
  const auto url = Url::parse(text);
  REQUIRE_FALSE(url);
  CHECK(url.error().code == longshore::Errc::invalid_input);
  CHECK_THAT(url.error().message, !Contains("secret"));
  CHECK_FALSE(Url::parse("https://a/" + std::string(9'000, 'x')));
}

TEST_CASE("Url resolves what an answer refers to", "[sinks][http]") {
  const Url base = *Url::parse("https://a.example/v2/x/tags/list?n=1");
  CHECK(base.resolve("/v2/x/tags/list?last=b")->str() == "https://a.example/v2/x/tags/list?last=b");
  CHECK(base.resolve("?last=b")->str() == "https://a.example/v2/x/tags/list?last=b");
  CHECK(base.resolve("//b.example/c")->authority() == "b.example:443");
  CHECK(base.resolve("http://b.example/c")->scheme() == "http");
  CHECK(base.same_origin(*base.resolve("https://A.EXAMPLE:443/other")));
  CHECK_FALSE(base.same_origin(*base.resolve("https://a.example:444/")));
  CHECK_FALSE(base.same_origin(*base.resolve("http://a.example:443/")));
  CHECK_FALSE(base.resolve("https://user@b.example/"));
  CHECK_FALSE(base.resolve("gopher://b.example/"));
}

TEST_CASE("Url appends to its query, encoded", "[sinks][http]") {
  CHECK(Url::parse("https://a/token")->with_query("scope", "repository:a/b:pull").str() ==
        "https://a/token?scope=repository%3aa%2fb%3apull");
  CHECK(Url::parse("https://a/t?x=1")->with_query("y", "&").str() == "https://a/t?x=1&y=%26");
}
