// SPDX-License-Identifier: Apache-2.0
#include "receiver/http_loop.h"

#include <latch>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/raw_socket.h"

using namespace longshore;
using longshore::test::RawSocket;
using namespace std::chrono_literals;

namespace {

// A loop that answers every request with its target, for limits that HttpServer sets for itself.
class Running {
 public:
  explicit Running(std::size_t max_connections)
      : Running(max_connections, *Listener::tcp("127.0.0.1", 0, 64)) {}
  ~Running() {
    loop_.stop(0ms);
    thread_.join();
    pool_.stop();  // its threads may still be waking the loop
  }

  RawSocket connect() const { return RawSocket(port_); }
  void wait_until_both_are_served() { arrived_.wait(); }
  void open_gate() { gate_.count_down(); }

 private:
  Running(std::size_t max_connections, Listener listener)
      : port_(listener.port()),
        pool_(2, 64),
        loop_(std::move(listener), {1000, 1000, max_connections, 5s, 10s, 5s, 60s, 8s}, callbacks(),
              pool_) {
    REQUIRE(loop_.open());
    thread_ = std::thread([this] { loop_.run(); });
  }

  HttpLoopCallbacks callbacks() {
    const auto reply = [](const std::string& text) {
      return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" +
             text;
    };
    return {[this, reply](const WholeRequest& request, std::string_view, AfterReply) {
              if (request.head.target == "/gate") {
                arrived_.count_down();
                gate_.wait();
              }
              return ReadyReply{reply(request.head.target), 0};
            },
            [](const WholeRequest&) { return false; },
            [reply](const Refusal& refusal, std::string_view) { return reply(refusal.reason); },
            [](Seq) { return Status(Done{}); }};
  }

  const std::uint16_t port_;
  std::latch arrived_{2};
  std::latch gate_{1};
  WorkerPool pool_;
  HttpLoop loop_;
  std::thread thread_;
};

bool answers(RawSocket& client) {
  return client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n") && client.read_reply().ends_with("/a");
}

}  // namespace

TEST_CASE("Above the limit the connection that was idle longest is closed",
          "[receiver][http_loop]") {
  Running running(3);
  RawSocket first = running.connect();
  REQUIRE(answers(first));
  RawSocket second = running.connect();
  REQUIRE(answers(second));
  RawSocket third = running.connect();
  REQUIRE(answers(third));
  REQUIRE(answers(first));
  RawSocket fourth = running.connect();
  CHECK(answers(fourth));
  CHECK(second.is_closed());
  CHECK(answers(third));
  CHECK(answers(first));
}

TEST_CASE("Above the limit with none idle the new connection is closed", "[receiver][http_loop]") {
  Running running(2);
  RawSocket first = running.connect();
  RawSocket second = running.connect();
  first.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  second.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  running.wait_until_both_are_served();
  CHECK(running.connect().is_closed());
  running.open_gate();
  CHECK(first.read_reply().ends_with("/gate"));
  CHECK(second.read_reply().ends_with("/gate"));
}
