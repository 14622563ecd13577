// SPDX-License-Identifier: Apache-2.0
#include "pipeline/url_text.h"

#include <catch2/catch.hpp>

using longshore::form_value;
using longshore::host_of_url;
using longshore::percent_decode;
using longshore::percent_encode;
using longshore::Plus;

TEST_CASE("Percent-encoding is undone, and a plus means what it means", "[pipeline][url]") {
  CHECK(percent_decode("a%2Fb%2fc+%20", Plus::itself) == "a/b/c+ ");
  CHECK(percent_decode("a+b%2B", Plus::space) == "a b+");
  for (const auto* text : {"%", "%2", "%2x", "a%", "%%41"}) {
    CHECK_FALSE(percent_decode(text, Plus::itself));
  }
}

TEST_CASE("What is percent-encoded decodes to itself", "[pipeline][url]") {
  std::string every;
  for (int c = 0; c < 256; ++c)
    every += static_cast<char>(c);
  CHECK(percent_decode(percent_encode(every), Plus::itself) == every);
  CHECK(percent_encode("a-b_c.d~e/f") == "a-b_c.d~e%2ff");
}

TEST_CASE("A form's value is found by its decoded name, once", "[pipeline][url]") {
  CHECK(form_value("a=1&b=2%263&c", "b", Plus::space) == "2&3");
  CHECK(form_value("%62=2", "b", Plus::space) == "2");
  CHECK(form_value("a=1&c", "c", Plus::space) == "");
  CHECK(form_value("b=x=y", "b", Plus::space) == "x=y");
  CHECK_FALSE(form_value("a=1", "b", Plus::space));
  CHECK_FALSE(form_value("b=1&b=1", "b", Plus::space));
  CHECK_FALSE(form_value("b=%", "b", Plus::space));
  CHECK_FALSE(form_value("", "b", Plus::space));
}

TEST_CASE("A URL's host is found with and without a scheme", "[pipeline][url]") {
  CHECK(host_of_url("https://registry.example.com:5000/v2/a") == "registry.example.com:5000");
  CHECK(host_of_url("registry.example.com/a:1") == "registry.example.com");
  CHECK(host_of_url("https://user:secret@example.com/a") == "example.com");
  CHECK(host_of_url("http://[::1]:5000/a") == "[::1]:5000");
  CHECK_FALSE(host_of_url(""));
  CHECK_FALSE(host_of_url("https:///a"));
}
