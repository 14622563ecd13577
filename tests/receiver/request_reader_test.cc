// SPDX-License-Identifier: Apache-2.0
#include "receiver/request_reader.h"

#include <catch2/catch.hpp>

using longshore::RequestReader;
using State = longshore::RequestReader::State;

namespace {

constexpr std::size_t kLimit = 1000;

std::string with_length(const std::string& body) {
  return "POST /hooks/hub HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

const std::string kChunkedHead =
    "POST /hooks/hub HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

int refused(const std::string& bytes) {
  RequestReader reader(kLimit);
  return reader.feed(bytes) == State::refused ? reader.refusal().status : 0;
}

}  // namespace

TEST_CASE("A request is whole in whatever pieces it comes", "[receiver][request_reader]") {
  const auto bytes =
      GENERATE(with_length("hello"),
               kChunkedHead + "3\r\nhel\r\n2;note=1\r\nlo\r\n0\r\nX-Trailer: 1\r\n\r\n");
  const auto piece = GENERATE(1U, 2U, 3U, 7U, 1000U);
  RequestReader reader(kLimit);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    REQUIRE(reader.state() != State::complete);
    reader.feed(std::string_view(bytes).substr(at, piece));
  }
  REQUIRE(reader.state() == State::complete);
  CHECK(reader.take().body == "hello");
  CHECK(reader.state() == State::idle);
}

TEST_CASE("The state tells how much of a request is here", "[receiver][request_reader]") {
  RequestReader reader(kLimit);
  CHECK(reader.feed("") == State::idle);
  CHECK(reader.feed("\r\n") == State::idle);
  CHECK(reader.feed("POST / HTTP/1.1\r\n") == State::head);
  CHECK(reader.feed("Host: a\r\nContent-Length: 2\r\n\r\n") == State::body);
  CHECK(reader.body_bytes() == 2);
  CHECK(reader.feed("ab") == State::complete);
}

TEST_CASE("Requests that follow each other without waiting are read one by one",
          "[receiver][request_reader]") {
  RequestReader reader(kLimit);
  REQUIRE(reader.feed(with_length("one") + with_length("two") + "GET") == State::complete);
  CHECK(reader.take().body == "one");
  CHECK(reader.state() == State::idle);
  REQUIRE(reader.feed({}) == State::complete);
  CHECK(reader.take().body == "two");
  CHECK(reader.feed({}) == State::head);
}

TEST_CASE("A body above the limit is refused as soon as its length is known",
          "[receiver][request_reader]") {
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n") == 0);
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n") == 413);
  CHECK(refused(kChunkedHead + "3e8\r\n") == 0);
  CHECK(refused(kChunkedHead + "3e9\r\n") == 413);
  CHECK(refused(kChunkedHead + "ffffffffffffffff\r\n") == 413);
}

TEST_CASE("Chunks without end are refused at the limit", "[receiver][request_reader]") {
  RequestReader reader(kLimit);
  reader.feed(kChunkedHead);
  int chunks = 0;
  while (reader.feed("a\r\n0123456789\r\n") == State::body)
    ++chunks;
  CHECK(chunks == 100);
  CHECK(reader.refusal().status == 413);
  CHECK(reader.body_bytes() == 0);
}

TEST_CASE("Malformed chunks are refused", "[receiver][request_reader]") {
  const auto chunks = GENERATE("-1\r\n", "0x1\r\n", "\r\n", "g\r\n", "1 1\n\r\n",
                               "11111111111111111\r\n", "1\r\nab\r\n", "1\na\r\n");
  CAPTURE(chunks);
  CHECK(refused(kChunkedHead + chunks) == 400);
  CHECK(refused(kChunkedHead + std::string(300, '0')) == 400);
}

TEST_CASE("A head or a trailer without end is refused", "[receiver][request_reader]") {
  CHECK(refused("GET / HTTP/1.1\r\nX-A: " + std::string(20'000, 'a')) == 431);
  CHECK(refused("GET / HTTP/1.1\r\nX-A: " + std::string(20'000, 'a') + "\r\n\r\n") == 431);
  RequestReader reader(kLimit);
  reader.feed(kChunkedHead + "0\r\n");
  int lines = 0;
  while (lines < 10'000 && reader.feed("X-A: " + std::string(95, 'a') + "\r\n") == State::body) {
    ++lines;
  }
  CHECK(lines == 163);
  CHECK(reader.refusal().status == 431);
}

TEST_CASE("After a refusal nothing more is read", "[receiver][request_reader]") {
  RequestReader reader(kLimit);
  REQUIRE(reader.feed("nonsense\r\n\r\n") == State::refused);
  CHECK(reader.feed(with_length("hello")) == State::refused);
}

TEST_CASE("A sender that waits for 100 Continue is told once", "[receiver][request_reader]") {
  RequestReader reader(kLimit);
  reader.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(reader.take_expectation());
  CHECK_FALSE(reader.take_expectation());
}
