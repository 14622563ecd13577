// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
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

StubReply say(std::string body) {
  StubReply reply;
  reply.body = std::move(body);
  return reply;
}

StubReply act(StubReply::Way way) {
  StubReply reply;
  reply.way = way;
  return reply;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

OutboundRequest get(const std::string& url) {
  OutboundRequest request;
  request.url = url;
  request.timeout = 60s;
  request.connect_timeout = 60s;
  request.reach = Reach::anywhere;
  return request;
}

}  // namespace

TEST_CASE("HttpClient keeps connections and adds nothing of its own", "[sinks][http]") {
  HttpStub server([](const StubRequest&) { return say("hello"); });
  HttpClient client;
  for (int i = 0; i < 5; ++i)
    CHECK(client.send(get(server.url("/a?b=c")))->body == "hello");
  CHECK(server.connections() == 1);
  const StubRequest request = server.requests().front();
  CHECK(request.method == "GET");
  CHECK(request.target == "/a?b=c");
  CHECK(request.field("Host") == server.host());
  CHECK_THAT(request.field("User-Agent"), Contains("longshore/"));
  CHECK(request.field("Accept") == "*/*");
  CHECK(request.fields.size() == 3);
}

TEST_CASE("HttpClient sends HEAD, GET, POST and other methods", "[sinks][http]") {
  HttpStub server(
      [](const StubRequest& request) { return say(request.method + ' ' + request.body); });
  HttpClient client;
  OutboundRequest request = get(server.url("/"));
  CHECK(client.send(request)->body == "GET ");
  request.method = "HEAD";
  const auto head = client.send(request);
  REQUIRE(head);
  CHECK(head->body.empty());
  CHECK(find_field(head->headers, "content-length") == "5");
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    request.method = method;
    request.body = "body";
    CHECK(client.send(request)->body == method + " body");
  }
}

TEST_CASE("HttpClient dials no private address unless it may", "[sinks][http]") {
  HttpStub server([](const StubRequest&) { return say("secret"); });
  HttpClient client;
  OutboundRequest request = get(server.url("/path?token=hidden"));
  SECTION("before a connection is made") {
    request.reach = Reach::only_public;
    const auto answer = client.send(request);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::invalid_input);
    CHECK_THAT(answer.error().message, Contains("not public") && !Contains("hidden"));
    CHECK(server.connections() == 0);
  }
  SECTION("nor takes a connection that another request was allowed to make") {
    REQUIRE(client.send(request));
    request.reach = Reach::only_public;
    CHECK(client.send(request).error().code == Errc::invalid_input);
    CHECK(server.requests().size() == 1);
  }
  SECTION("by a name") {
    request.url = "http://localhost:" + std::to_string(server.port()) + '/';
    request.reach = Reach::only_public;
    CHECK(client.send(request).error().code == Errc::invalid_input);
    CHECK(server.connections() == 0);
  }
}

TEST_CASE("HttpClient does not follow redirects", "[sinks][http]") {
  HttpStub server([](const StubRequest&) {
    return StubReply{302, {{"Location", "http://127.0.0.1:1/"}, {"Set-Cookie", "a=b"}}};
  });
  HttpClient client;
  CHECK(client.send(get(server.url("/")))->status == 302);
  CHECK(client.send(get(server.url("/")))->status == 302);
  CHECK(server.requests().back().field("Cookie").empty());
}

TEST_CASE("HttpClient asks no proxy of the environment", "[sinks][http]") {
  HttpStub server([](const StubRequest&) { return say("direct"); });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  HttpClient client;
  const auto answer = client.send(get(server.url("/")));
  ::unsetenv("http_proxy");
  REQUIRE(answer);
  CHECK(answer->body == "direct");
}

TEST_CASE("HttpClient stops reading at its limits", "[sinks][http]") {
  HttpStub server([](const StubRequest& request) {
    if (request.path() == "/endless") return act(StubReply::Way::endless);
    return StubReply{200, {{"A", std::string(70'000, 'x')}}};
  });
  HttpClient client;
  CHECK(client.send(get(server.url("/endless"))).error().code == Errc::unsupported);
  CHECK(client.send(get(server.url("/head"))).error().code == Errc::unsupported);
  OutboundRequest larger = get(server.url("/head"));
  larger.max_head_bytes = 80'000;
  CHECK(client.send(larger));
}

TEST_CASE("HttpClient gives a body to who wants it piece by piece", "[sinks][http]") {
  HttpStub server([](const StubRequest& request) {
    if (request.path() == "/endless") return act(StubReply::Way::endless);
    return say(std::string(500'000, 'x'));
  });
  HttpClient client;
  std::size_t bytes = 0;
  OutboundRequest request = get(server.url("/"));
  request.on_body = [&](std::string_view piece) {
    bytes += piece.size();
    return bytes < 1'000'000;
  };
  const auto answer = client.send(request);
  REQUIRE(answer);
  CHECK(answer->body.empty());
  CHECK(bytes == 500'000);
  request.url = server.url("/endless");
  request.max_body_bytes = 1U << 30;
  CHECK(client.send(request).error().code == Errc::unavailable);
  CHECK(bytes >= 1'000'000);
}

TEST_CASE("HttpClient gives up at the deadline, and others go on meanwhile", "[sinks][http]") {
  HttpStub silent([](const StubRequest&) { return act(StubReply::Way::silent); });
  HttpStub lively([](const StubRequest&) { return say("here"); });
  HttpClient client({.connections_per_host = 1});
  std::vector<std::thread> hanging;
  std::atomic<int> unavailable = 0;
  OutboundRequest request = get(silent.url("/"));
  request.timeout = 1s;
  for (int i = 0; i < 3; ++i) {  // two of them wait for the one connection
    hanging.emplace_back([&] {
      const auto answer = client.send(request);
      if (!answer && answer.error().code == Errc::unavailable) ++unavailable;
    });
  }
  CHECK(eventually([&] { return !silent.requests().empty(); }));
  for (int i = 0; i < 20; ++i)
    CHECK(client.send(get(lively.url("/"))));
  for (std::thread& thread : hanging)
    thread.join();
  CHECK(unavailable == 3);
}

TEST_CASE("HttpClient ends a call that is stopped, and all when it is destroyed", "[sinks][http]") {
  HttpStub silent([](const StubRequest&) { return act(StubReply::Way::silent); });
  auto client = std::make_unique<HttpClient>();
  std::stop_source stop;
  auto stopped = std::async(std::launch::async,
                            [&] { return client->send(get(silent.url("/")), stop.get_token()); });
  auto left = std::async(std::launch::async, [&] { return client->send(get(silent.url("/"))); });
  CHECK(eventually([&] { return silent.requests().size() == 2; }));
  stop.request_stop();
  CHECK(stopped.get().error().code == Errc::unavailable);
  client.reset();
  CHECK(left.get().error().code == Errc::unavailable);
  HttpClient another;
  CHECK(another.send(get(silent.url("/")), stop.get_token()).error().code == Errc::unavailable);
}

TEST_CASE("HttpClient says when nobody answers", "[sinks][http]") {
  HttpClient client;
  std::string nobody;
  {
    HttpStub server([](const StubRequest&) { return say(""); });
    nobody = server.url("/p?token=hidden");
  }
  const auto answer = client.send(get(nobody));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
  CHECK_THAT(answer.error().message, !Contains("hidden"));
  HttpStub rude([](const StubRequest&) { return act(StubReply::Way::closed); });
  CHECK(client.send(get(rude.url("/"))).error().code == Errc::unavailable);
  CHECK(client.send(get("https://name.invalid/")).error().code == Errc::unavailable);
}

TEST_CASE("HttpClient trusts the authorities that it is given", "[sinks][http]") {
  const StubCertificate certificate;
  HttpStub server([](const StubRequest&) { return say("safe"); }, &certificate);
  HttpClient client;
  OutboundRequest request = get(server.url("/"));
  CHECK(client.send(request).error().code == Errc::unavailable);
  request.tls.authority = certificate.certificate();
  CHECK(client.send(request)->body == "safe");
  // The connection that stands is not taken by who does not trust it.
  request.tls.authority.clear();
  CHECK(client.send(request).error().code == Errc::unavailable);
  request.tls.authority = "/no/such/file.pem";
  CHECK(client.send(request).error().code == Errc::invalid_input);
}

TEST_CASE("HttpClient shows a certificate on the connections of who names it", "[sinks][http]") {
  const StubCertificate certificate;
  HttpStub server([](const StubRequest&) { return say("known"); }, &certificate,
                  HttpStub::Client::with_certificate);
  HttpClient client;
  OutboundRequest request = get(server.url("/"));
  request.tls.authority = certificate.certificate();
  CHECK(client.send(request).error().code == Errc::unavailable);
  OutboundRequest known = request;
  known.tls.certificate = certificate.certificate();
  known.tls.key = certificate.key();
  CHECK(client.send(known)->body == "known");
  CHECK(client.send(request).error().code == Errc::unavailable);
}

TEST_CASE("HttpClient trusts only the authority that it is given as text", "[sinks][http]") {
  const StubCertificate certificate;
  const StubCertificate another;
  HttpStub server([](const StubRequest&) { return say("safe"); }, &certificate);
  HttpClient client;
  OutboundRequest request = get(server.url("/"));
  request.tls_text.authority = text_of(certificate.certificate());
  CHECK(client.send(request)->body == "safe");
  OutboundRequest other = request;
  other.tls_text.authority = text_of(another.certificate());
  other.tls.authority = certificate.certificate();
  CHECK(client.send(other).error().code == Errc::unavailable);
  other.tls_text.authority = "no PEM";
  CHECK(client.send(other).error().code == Errc::invalid_input);
  other.tls_text = {};
  other.tls = {};
  CHECK(client.send(other).error().code == Errc::unavailable);
  other.tls_text.server = TlsText::Server::unverified;
  CHECK(client.send(other)->body == "safe");
  // Its connection is not taken by who wants to know the server.
  other.tls_text.server = TlsText::Server::verified;
  CHECK(client.send(other).error().code == Errc::unavailable);
}

TEST_CASE("HttpClient shows a certificate given as text to whom it is meant", "[sinks][http]") {
  const StubCertificate certificate;
  HttpStub server([](const StubRequest&) { return say("known"); }, &certificate,
                  HttpStub::Client::with_certificate);
  HttpClient client;
  OutboundRequest request = get(server.url("/"));
  request.tls_text.authority = text_of(certificate.certificate());
  OutboundRequest known = request;
  known.tls_text.certificate = text_of(certificate.certificate());
  known.tls_text.key = text_of(certificate.key());
  CHECK(client.send(known)->body == "known");
  CHECK(client.send(known)->body == "known");
  CHECK(server.connections() == 1);
  CHECK(client.send(request).error().code == Errc::unavailable);
  known.tls_text.key = text_of(StubCertificate().key());
  known.tls_text.certificate += "\n";  // else the connection that stands is taken
  CHECK(client.send(known).error().code == Errc::invalid_input);
}

TEST_CASE("HttpClient expects the server's name that it is given", "[sinks][http]") {
  const StubCertificate certificate;  // for 127.0.0.1 and localhost
  HttpStub server([](const StubRequest& request) { return say(request.target); }, &certificate);
  HttpClient client;
  OutboundRequest request = get(server.url("/a/b?c=d"));
  request.tls_text.authority = text_of(certificate.certificate());
  request.tls_text.server_name = "localhost";
  CHECK(client.send(request)->body == "/a/b?c=d");
  CHECK(server.requests().back().field("Host") == server.host());
  request.tls_text.server_name = "kubernetes.default";
  CHECK(client.send(request).error().code == Errc::unavailable);
  for (const std::string bad : {"a/b", "a:1", "u@a", "a b"}) {
    request.tls_text.server_name = bad;
    CHECK(client.send(request).error().code == Errc::invalid_input);
  }
}

TEST_CASE("HttpClient gives a handshake a deadline too", "[sinks][http]") {
  // Takes the handshake for a request and waits for its end.
  HttpStub server([](const StubRequest&) { return act(StubReply::Way::silent); });
  HttpClient client;
  OutboundRequest request = get("https://" + server.host() + '/');
  request.connect_timeout = 100ms;
  const auto answer = client.send(request);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
}

TEST_CASE("HttpClient is used by many threads at once", "[sinks][http]") {
  HttpStub server([](const StubRequest& request) { return say(request.target); });
  HttpClient client({.connections_per_host = 3});
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(t) + '/' + std::to_string(i);
        const auto answer = client.send(get(server.url(path)));
        if (!answer || answer->body != path) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(wrong == 0);
  CHECK(server.connections() <= 3);
}
