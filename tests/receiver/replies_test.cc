// SPDX-License-Identifier: Apache-2.0
#include "receiver/replies.h"

#include <catch2/catch.hpp>

using namespace longshore;

TEST_CASE("A body is sent to whoever accepts JSON in words", "[receiver][replies]") {
  const auto yes =
      GENERATE("application/json", "*/*", "text/html, application/json;q=0.9", "Application/JSON",
               "application/*", "text/html, */*;q=0.1", "application/json ; q=1.000");
  CAPTURE(yes);
  CHECK(accepts_json({{"accept", yes}}));
  const auto no = GENERATE("", "text/html", "application/json;q=0", "application/json; q=0.000",
                           "application/jsonp", "text/*");
  CAPTURE(no);
  CHECK_FALSE(accepts_json({{"Accept", no}}));
}

TEST_CASE("Who sends no Accept gets no body", "[receiver][replies]") {
  CHECK_FALSE(accepts_json({{"Content-Type", "application/json"}}));
  CHECK(accepts_json({{"Accept", "text/html"}, {"Accept", "application/json"}}));
}

TEST_CASE("A header's text cannot end its line", "[receiver][replies]") {
  CHECK(header_text("a\r\nSet-Cookie: b\xc3\xa9") == "a??Set-Cookie: b??");
  CHECK(header_text(std::string(500, 'a')).size() == 200);
}

TEST_CASE("An error is JSON with its id", "[receiver][replies]") {
  const Ulid id = *Ulid::parse("01HZZZZZZZZZZZZZZZZZZZZZZZ");
  CHECK(error_reply(400, "a \"b\"", id).body ==
        "{\"error\":\"a \\\"b\\\"\",\"id\":\"01HZZZZZZZZZZZZZZZZZZZZZZZ\"}\n");
  CHECK(error_reply(404, "no").body == "{\"error\":\"no\"}\n");
}
