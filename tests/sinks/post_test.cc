// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/post.h"

#include <array>
#include <future>
#include <thread>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace longshore;
using namespace std::string_literals;
using Catch::Matchers::Contains;

namespace {

constexpr std::chrono::milliseconds kPatience{20'000};

// Takes one connection on a port of the system's choice, reads a request whose body ends with
// "END" (or nothing but a head), and answers fixed bytes.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    REQUIRE(bind(listener_, generic, size) == 0);
    REQUIRE(listen(listener_, 1) == 0);
    REQUIRE(getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this, answer = std::move(answer)] { serve(answer); });
  }
  ~OneAnswer() {
    shutdown(listener_, SHUT_RDWR);  // ends an accept() that nobody came to
    thread_.join();
    close(listener_);
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::string request() { return request_.get_future().get(); }

 private:
  void serve(const std::string& answer) {
    const int peer = accept(listener_, nullptr, nullptr);
    if (peer < 0) return request_.set_value("");
    std::string request;
    std::array<char, 4096> buffer{};
    while (request.find("END") == std::string::npos) {
      const ssize_t got = recv(peer, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      request.append(buffer.data(), static_cast<std::size_t>(got));
    }
    request_.set_value(request);
    std::string_view rest = answer;
    while (!rest.empty()) {
      const ssize_t sent = send(peer, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    // An empty answer means silence: stay until the other side gives up.
    if (answer.empty()) recv(peer, buffer.data(), buffer.size(), 0);
    close(peer);
  }

  int listener_;
  int port_ = 0;
  std::promise<std::string> request_;
  std::jthread thread_;
};

Result<HttpAnswer> post(const OneAnswer& server, std::chrono::milliseconds timeout = kPatience) {
  return http_post(server.url("/hooks/x"), {}, "END", timeout);
}

}  // namespace

TEST_CASE("http_post sends fields and body as they are and returns the answer", "[sinks][http]") {
  OneAnswer server(
      "HTTP/1.1 202 Accepted\r\nLongshore-Event:  01ARZ \r\nContent-Length: 2\r\n\r\nok");
  const auto answer = http_post(server.url("/hooks/hub?token=t"),
                                {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                                "{\"a\":\"\0\"}END"s, kPatience);
  REQUIRE(answer);
  CHECK(answer->status == 202);
  CHECK(answer->body == "ok");
  CHECK(answer->headers == HttpFields{{"Longshore-Event", "01ARZ"}, {"Content-Length", "2"}});
  const std::string request = server.request();
  CHECK_THAT(request, Contains("POST /hooks/hub?token=t HTTP/1.1\r\n"));
  CHECK_THAT(request, Contains("\r\nContent-Type: application/json\r\n"));
  CHECK_THAT(request, Contains("\r\nX-Empty:\r\n"));
  CHECK_THAT(request, Contains("\r\nContent-Length: 12\r\n"));
  CHECK(request.ends_with("{\"a\":\"\0\"}END"s));
}

TEST_CASE("http_post adds no content type of its own", "[sinks][http]") {
  OneAnswer server("HTTP/1.1 204 No Content\r\n\r\n");
  REQUIRE(post(server));
  const std::string request = server.request();
  CHECK_THAT(request, !Contains("Content-Type") && !Contains("Expect"));
}

TEST_CASE("http_post does not follow redirects and returns errors as answers", "[sinks][http]") {
  OneAnswer moved(
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  CHECK(post(moved)->status == 302);
  OneAnswer failed("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno");
  CHECK(post(failed)->status == 503);
}

TEST_CASE("http_post refuses an answer that is too large", "[sinks][http]") {
  OneAnswer body("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n" +
                 std::string(1'048'577, 'x'));
  CHECK(post(body).error().code == Errc::unsupported);
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20; ++i)
    head += "A: " + std::string(4'000, 'x') + "\r\n";
  OneAnswer large(head + "\r\n");
  CHECK(post(large).error().code == Errc::unsupported);
}

TEST_CASE("http_post gives up after its timeout", "[sinks][http]") {
  OneAnswer silent("");
  const auto answer = post(silent, std::chrono::milliseconds{50});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
}

TEST_CASE("http_post names what cannot be sent, and keeps secrets out of it", "[sinks][http]") {
  const auto url = GENERATE("file:///etc/passwd"s, "ftp://127.0.0.1/"s, "127.0.0.1"s, ""s);
  CHECK(http_post(url, {}, "", kPatience).error().code == Errc::invalid_input);
  CHECK(http_post("http://127.0.0.1/", {{"A", "b\r\nC: d"}}, "", kPatience).error().code ==
        Errc::invalid_input);
  CHECK(http_post("http://127.0.0.1/", {{"A:", "b"}}, "", kPatience).error().code ==
        Errc::invalid_input);
  // Nothing listens on a port that was bound and closed again.
  std::string closed;
  {
    const OneAnswer server("");
    closed = server.url("/p?token=hidden");
  }
  closed.insert(7, "user:hidden@");
  const auto answer = http_post(closed, {}, "", kPatience);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::unavailable);
  CHECK_THAT(answer.error().message, !Contains("hidden") && Contains("127.0.0.1"));
}
