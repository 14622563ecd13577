// SPDX-License-Identifier: Apache-2.0
#include "bench/http_head.h"

#include <catch2/catch.hpp>

namespace longshore::bench {
namespace {

using State = HttpHead::State;
using After = HttpHead::After;

TEST_CASE("A head ends at its empty line and says how much body follows", "[bench][http_head]") {
  const std::string_view bytes =
      "POST /hooks/hub HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 5 \r\n\r\nhello";
  const HttpHead head = read_head(bytes);
  CHECK(head.state == State::complete);
  CHECK(head.start_line == "POST /hooks/hub HTTP/1.1");
  CHECK(bytes.substr(head.size) == "hello");
  CHECK(head.body_size == 5);
  CHECK(head.after == After::keep_alive);
}

TEST_CASE("A head whose empty line is not there yet is partial", "[bench][http_head]") {
  const std::string_view bytes = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(read_head(bytes.substr(0, size)).state == State::partial);
  }
  CHECK(read_head(bytes).state == State::complete);
}

TEST_CASE("A head without Content-Length has no body", "[bench][http_head]") {
  CHECK(read_head("GET / HTTP/1.1\r\nHost: a\r\n\r\n").body_size == 0);
}

TEST_CASE("Connection: close ends the connection after the message", "[bench][http_head]") {
  CHECK(read_head("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n").after == After::close);
}

TEST_CASE("A length that is no number and a transfer coding are refused", "[bench][http_head]") {
  for (const char* field : {"Content-Length: five", "Content-Length: 5x", "Content-Length: -1",
                            "Content-Length:", "Transfer-Encoding: chunked"}) {
    CAPTURE(field);
    const std::string bytes = "POST / HTTP/1.1\r\n" + std::string(field) + "\r\n\r\n";
    CHECK(read_head(bytes).state == State::bad);
  }
}

}  // namespace
}  // namespace longshore::bench
