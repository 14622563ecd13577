// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "sinks/http/client.h"
#include "tests/support/eventually.h"
#include "tests/support/http_stub.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kMiB = 1U << 20;

OutboundRequest get(const std::string& url) {
  OutboundRequest request;
  request.url = url;
  request.timeout = 90s;
  request.connect_timeout = 60s;
  request.reach = Reach::anywhere;
  return request;
}

StubReply streamed(std::function<bool(const StubReply::Send&)> write) {
  StubReply reply;
  reply.stream = std::move(write);
  return reply;
}

// Sends pieces until the peer has gone.
bool go_on(const StubReply::Send& send) {
  while (send("tick\n"))
    std::this_thread::yield();
  return false;
}

// Whether a keep-alive timer runs on a connection to that port of 127.0.0.1.
bool is_kept_alive(std::uint16_t port) {
  std::array<char, 32> peer{};
  std::snprintf(peer.data(), peer.size(), "0100007F:%04X", static_cast<unsigned>(port));
  std::ifstream table("/proc/net/tcp");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer;
    fields >> slot >> local >> remote >> state >> queues >> timer;
    if (remote == peer.data() && state == "01" && timer.starts_with("02:")) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("A stream tells the head before the first bytes, and ends with it", "[sinks][http]") {
  std::promise<void> first;
  HttpStub server([&](const StubRequest&) {
    return streamed([&](const StubReply::Send& send) {
      send("one");
      first.get_future().wait();  // the second part is not sent before the first is read
      return send("two");
    });
  });
  HttpClient client;
  std::string read;
  const auto answer =
      client.stream(get(server.url("/")), [&](const HttpAnswer& head, std::string_view bytes) {
        CHECK(head.status == 200);
        CHECK(find_field(head.headers, "transfer-encoding") == "chunked");
        if (read.empty()) first.set_value();
        read += bytes;
        return true;
      });
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body.empty());
  CHECK(read == "onetwo");
}

TEST_CASE("A stream of another status has its body all the same", "[sinks][http]") {
  HttpStub server([](const StubRequest&) { return StubReply{410, {}, "gone"}; });
  HttpClient client;
  std::string read;
  for (int i = 0; i < 3; ++i) {
    const auto answer =
        client.stream(get(server.url("/")), [&](const HttpAnswer& head, std::string_view bytes) {
          CHECK(head.status == 410);
          read += bytes;
          return true;
        });
    REQUIRE(answer);
    CHECK(answer->status == 410);
  }
  CHECK(read == "gonegonegone");
  CHECK(server.connections() == 1);  // what has ended well is kept
}

TEST_CASE("A slow reader slows its server down, and loses nothing", "[sinks][http]") {
  const bool with_tls = GENERATE(false, true);
  constexpr std::size_t kPieces = 2'000;
  const StubCertificate certificate;
  std::atomic<std::size_t> sent = 0;
  HttpStub server(
      [&](const StubRequest&) {
        return streamed([&](const StubReply::Send& send) {
          for (std::size_t i = 0; i < kPieces; ++i) {
            if (!send(std::string(65'536, static_cast<char>('a' + i % 26)))) return false;
            sent += 65'536;
          }
          return true;
        });
      },
      with_tls ? &certificate : nullptr);
  HttpClient client;
  OutboundRequest request = get(server.url("/"));
  request.tls.authority = certificate.certificate();
  std::size_t read = 0;
  std::size_t wrong = 0;
  std::size_t largest = 0;
  const auto answer = client.stream(request, [&](const HttpAnswer&, std::string_view bytes) {
    // What the kernel keeps for both sides is much less than half of it.
    if (read == 0) CHECK_FALSE(eventually([&] { return sent > kPieces * 65'536 / 2; }, 500ms));
    for (const char c : bytes)
      wrong += c != static_cast<char>('a' + read++ / 65'536 % 26);
    largest = std::max(largest, bytes.size());
    return true;
  });
  REQUIRE(answer);
  CHECK(read == kPieces * 65'536);
  CHECK(wrong == 0);
  CHECK(largest <= kMiB);
  CHECK(largest > kMiB / 2);  // it was full, so the transfer was paused
}

TEST_CASE("A stream takes no connection away from requests", "[sinks][http]") {
  HttpStub server([](const StubRequest& request) {
    return request.path() == "/watch" ? streamed(go_on) : StubReply{200, {}, "here"};
  });
  HttpClient client({.connections_per_host = 1});
  std::stop_source stop;
  std::atomic<int> running = 0;
  std::atomic<int> ended = 0;
  std::vector<std::thread> streams;
  for (int i = 0; i < 20; ++i) {
    streams.emplace_back([&] {
      bool begun = false;
      const auto answer = client.stream(
          get(server.url("/watch")),
          [&](const HttpAnswer&, std::string_view) {
            if (!std::exchange(begun, true)) ++running;
            return true;
          },
          stop.get_token());
      if (!answer && answer.error().code == Errc::unavailable) ++ended;
    });
  }
  CHECK(eventually([&] { return running == 20; }));
  CHECK(client.send(get(server.url("/")))->body == "here");
  stop.request_stop();
  for (std::thread& thread : streams)
    thread.join();
  CHECK(ended == 20);
}

TEST_CASE("A stream that is cut has given what came before", "[sinks][http]") {
  HttpStub server([](const StubRequest&) {
    return streamed([](const StubReply::Send& send) { return send("half a li") && false; });
  });
  HttpClient client;
  std::string read;
  const auto answer =
      client.stream(get(server.url("/?q=hidden")), [&](const HttpAnswer&, std::string_view bytes) {
        read += bytes;
        return true;
      });
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
  CHECK_THAT(answer.error().message, !Contains("hidden"));
  CHECK(read == "half a li");
}

TEST_CASE("A stream ends when its reader wants no more", "[sinks][http]") {
  HttpStub server([](const StubRequest&) { return streamed(go_on); });
  HttpClient client;
  int calls = 0;
  const auto answer = client.stream(
      get(server.url("/")), [&](const HttpAnswer&, std::string_view) { return ++calls < 3; });
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(calls == 3);
}

TEST_CASE("A stream ends at its timeout, when it is stopped, and with its client",
          "[sinks][http]") {
  HttpStub server([](const StubRequest& request) {
    StubReply silent;
    silent.way = StubReply::Way::silent;
    return request.path() == "/silent" ? silent : streamed(go_on);
  });
  auto client = std::make_unique<HttpClient>();
  const auto ignore = [](const HttpAnswer&, std::string_view) { return true; };
  for (const std::string path : {"/silent", "/ticks"}) {
    OutboundRequest request = get(server.url(path));
    request.timeout = 50ms;
    CHECK(client->stream(request, ignore).error().code == Errc::unavailable);
    std::stop_source stop;
    const std::size_t before = server.requests().size();
    auto stopped = std::async(std::launch::async, [&] {
      return client->stream(get(server.url(path)), ignore, stop.get_token());
    });
    CHECK(eventually([&] { return server.requests().size() > before; }));
    stop.request_stop();
    CHECK(stopped.get().error().code == Errc::unavailable);
  }
  const std::size_t before = server.requests().size();
  auto left = std::async(std::launch::async,
                         [&] { return client->stream(get(server.url("/silent")), ignore); });
  CHECK(eventually([&] { return server.requests().size() > before; }));
  client.reset();
  CHECK(left.get().error().code == Errc::unavailable);
}

TEST_CASE("A stream is stopped while it is paused", "[sinks][http]") {
  std::atomic<std::size_t> sent = 0;
  HttpStub server([&](const StubRequest&) {
    return streamed([&](const StubReply::Send& send) {
      while (send(std::string(65'536, 'x')))
        sent += 65'536;
      return false;
    });
  });
  HttpClient client;
  std::stop_source stop;
  int calls = 0;
  const auto answer = client.stream(
      get(server.url("/")),
      [&](const HttpAnswer&, std::string_view) {
        ++calls;
        CHECK_FALSE(eventually([&] { return sent > 128 * kMiB; }, 200ms));
        stop.request_stop();
        return true;
      },
      stop.get_token());
  CHECK(answer.error().code == Errc::unavailable);
  CHECK(calls == 1);
}

TEST_CASE("A stream is kept alive by the kernel", "[sinks][http]") {
  HttpStub server([](const StubRequest&) {
    StubReply silent;
    silent.way = StubReply::Way::silent;
    return silent;
  });
  HttpClient client;
  std::stop_source stop;
  auto stream = std::async(std::launch::async, [&] {
    return client.stream(
        get(server.url("/")), [](const HttpAnswer&, std::string_view) { return true; },
        stop.get_token());
  });
  CHECK(eventually([&] { return is_kept_alive(server.port()); }));
  stop.request_stop();
  CHECK_FALSE(stream.get());
}

TEST_CASE("A stream that cannot be begun says why", "[sinks][http]") {
  HttpClient client;
  const auto ignore = [](const HttpAnswer&, std::string_view) { return true; };
  CHECK(client.stream(get("ftp://a/"), ignore).error().code == Errc::invalid_input);
  CHECK(client.stream(get("http://name.invalid/"), ignore).error().code == Errc::unavailable);
  OutboundRequest request = get("http://127.0.0.1:1/");
  request.reach = Reach::only_public;
  CHECK(client.stream(request, ignore).error().code == Errc::invalid_input);
}
