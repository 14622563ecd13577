// SPDX-License-Identifier: Apache-2.0
#include "receiver/http_head.h"

#include <catch2/catch.hpp>

using longshore::find_header;
using longshore::parse_head;
using longshore::Refusal;
using longshore::RequestHead;

namespace {

RequestHead parsed(const std::string& text) {
  auto result = parse_head(text);
  if (const auto* refusal = std::get_if<Refusal>(&result)) FAIL(refusal->reason);
  return std::get<RequestHead>(result);
}

int refused(const std::string& text) {
  const auto result = parse_head(text);
  const auto* refusal = std::get_if<Refusal>(&result);
  return refusal == nullptr ? 0 : refusal->status;
}

// A POST with these fields besides its Host.
std::string post(const std::string& fields) {
  return "POST /hooks/hub HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("A head is read as it was sent", "[receiver][http_head]") {
  const RequestHead head = parsed(
      "POST /hooks/hub/a%2Fb?token=x%20y HTTP/1.1\r\nHost: example.com\r\n"
      "Authorization:  Bearer a%41b \r\nX-Empty:\r\ncontent-LENGTH: 12\r\n\r\n");
  CHECK(head.method == "POST");
  CHECK(head.target == "/hooks/hub/a%2Fb?token=x%20y");
  CHECK(find_header(head.headers, "authorization") == "Bearer a%41b");
  CHECK(find_header(head.headers, "x-empty") == "");
  CHECK(head.framing.length == 12);
  CHECK_FALSE(head.framing.chunked);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.expects_continue);
}

TEST_CASE("A chunked body is announced by Transfer-Encoding", "[receiver][http_head]") {
  CHECK(parsed(post("Transfer-Encoding: Chunked\r\n")).framing.chunked);
  CHECK(refused(post("Transfer-Encoding: gzip, chunked\r\n")) == 501);
  CHECK(refused(post("Transfer-Encoding: xchunked\r\n")) == 501);
}

TEST_CASE("A body that could be read in two ways is refused", "[receiver][http_head]") {
  CHECK(refused(post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")) == 400);
  CHECK(refused(post("Content-Length: 1\r\nContent-Length: 1\r\n")) == 400);
  CHECK(refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == 400);
  const auto length =
      GENERATE("", "+1", "-1", "1 2", "1,1", "0x1", "1a", "99999999999999999999999");
  CAPTURE(length);
  CHECK(refused(post("Content-Length: " + std::string(length) + "\r\n")) == 400);
}

TEST_CASE("A POST has to say how long its body is", "[receiver][http_head]") {
  CHECK(refused(post("")) == 411);
  CHECK(refused("PUT / HTTP/1.1\r\nHost: a\r\n\r\n") == 411);
  CHECK(parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").framing.length == 0);
}

TEST_CASE("There is one Host in HTTP/1.1", "[receiver][http_head]") {
  CHECK(refused("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.0\r\n\r\n") == 0);
}

TEST_CASE("A malformed request line is refused", "[receiver][http_head]") {
  const auto line = GENERATE("GET /", "GET  / HTTP/1.1", "GET /a b HTTP/1.1", "/ HTTP/1.1",
                             "GET a HTTP/1.1", "GET http://a/ HTTP/1.1", "GET /#a HTTP/1.1",
                             "GET /\x01 HTTP/1.1", "GET /\xc3\xa9 HTTP/1.1", "G@T / HTTP/1.1",
                             "GET / http/1.1", "", "GET\t/\tHTTP/1.1");
  CAPTURE(line);
  CHECK(refused(std::string(line) + "\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("Unknown methods and versions are refused as such", "[receiver][http_head]") {
  CHECK(refused("BREW / HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
  CHECK(refused("PRI * HTTP/2.0\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
}

TEST_CASE("A malformed field is refused", "[receiver][http_head]") {
  const auto field =
      GENERATE("X-A : 1\r\n", " folded\r\n", "\tfolded\r\n", "no colon\r\n", ": nameless\r\n",
               "X-A: \x01\r\n", "X-A: a\x7f\r\n", "X-A: 1\n", "X-A: a\rb\r\n", "X A: 1\r\n");
  CAPTURE(field);
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "\r\n") == 400);
}

TEST_CASE("A NUL is refused wherever it stands", "[receiver][http_head]") {
  CHECK(refused(std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28)) == 400);
  CHECK(refused(std::string("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29)) == 400);
}

TEST_CASE("More fields than the limit are refused", "[receiver][http_head]") {
  std::string fields;
  for (std::size_t i = 1; i < longshore::kMaxHeaders; ++i)
    fields += "X-A: 1\r\n";
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") == 0);
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "X-A: 1\r\n\r\n") == 431);
}

TEST_CASE("Whether a connection is kept follows the version and Connection",
          "[receiver][http_head]") {
  CHECK_FALSE(parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").keep_alive);
  CHECK_FALSE(parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: te, close\r\n\r\n").keep_alive);
  CHECK_FALSE(parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST_CASE("The one expectation is 100-continue", "[receiver][http_head]") {
  CHECK(parsed(post("Content-Length: 1\r\nExpect: 100-Continue\r\n")).expects_continue);
  CHECK(refused(post("Content-Length: 1\r\nExpect: a miracle\r\n")) == 417);
}

TEST_CASE("A refusal quotes nothing of the request", "[receiver][http_head]") {
  const auto result = parse_head("GET hunter2 HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(std::holds_alternative<Refusal>(result));
  CHECK(std::get<Refusal>(result).reason.find("hunter2") == std::string::npos);
}
