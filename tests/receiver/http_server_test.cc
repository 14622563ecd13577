// SPDX-License-Identifier: Apache-2.0
#include "receiver/http_server.h"

#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "receiver/control_client.h"
#include "receiver/replies.h"
#include "tests/support/fake_intake.h"
#include "tests/support/raw_socket.h"
#include "tests/support/temp_folder.h"

using namespace longshore;
using longshore::test::FakeIntake;
using longshore::test::RawSocket;
using longshore::test::TempFolder;
using namespace std::chrono_literals;

namespace {

// Lets a test hold back what a handler does.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

struct Fixture {
  FakeIntake intake;
  Gate gate;
  ReceiverOptions options;
  TempFolder folder;
  std::unique_ptr<HttpServer> server;

  ~Fixture() { gate.open(); }

  void start() { server = *HttpServer::start_tcp("127.0.0.1", 0, options, intake, service()); }

  std::string socket_path() const { return (folder.path() / "control.sock").string(); }
  void start_unix() { server = *HttpServer::start_unix(socket_path(), options, intake, service()); }

  HttpService service() {
    return {[this](const HttpRequest& request) { return handle(request); },
            [](std::string_view target) { return target.starts_with("/quick"); },
            [this](int status, const std::string& reason, std::string_view address) {
              return error_reply(status, reason,
                                 intake.refused("unknown", reason, std::string(address)));
            }};
  }

  // Says what it was asked, so that tests see what has come through.
  HttpReply handle(const HttpRequest& request) {
    if (request.path == "/throw") throw std::runtime_error("hunter2");
    if (request.path == "/gate") gate.pass();
    HttpReply reply;
    if (request.path == "/durable") reply.durable_after = 1;
    if (request.path == "/large") {
      reply.body = std::string(8U << 20, 'x');
      return reply;
    }
    reply.body = std::string(request.method) + ' ' + std::string(request.path) + '?' +
                 std::string(request.query) + ' ' + std::string(request.address) + ' ' +
                 std::to_string(request.body.size());
    if (const auto echo = find_header(request.headers, "X-Echo")) {
      reply.headers.emplace_back("X-Echo", *echo);
    }
    return reply;
  }

  RawSocket connect() const { return RawSocket(server->port()); }
  std::string ask(const std::string& bytes) const {
    RawSocket client = connect();
    REQUIRE(client.send(bytes));
    return client.read_reply();
  }
};

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string post(const std::string& target, const std::string& body,
                 const std::string& fields = "") {
  return "POST " + target +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         fields + "\r\n" + body;
}

int status_of(const std::string& reply) {
  return std::stoi(reply.substr(9, 3));
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string body_of(const std::string& reply) {
  return reply.substr(reply.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE_METHOD(Fixture, "A request comes through as it was sent", "[receiver][http_server]") {
  start();
  const std::string reply = ask(post("/hooks/a%2Fb?x=%20y", "hello",
                                     "X-Echo: a%41b\r\nContent-Type: "
                                     "application/x-www-form-urlencoded\r\n"));
  CHECK(status_of(reply) == 200);
  CHECK(body_of(reply) == "POST /hooks/a%2Fb?x=%20y 127.0.0.1 5");
  CHECK(has(reply, "X-Echo: a%41b\r\n"));
}

TEST_CASE_METHOD(Fixture, "GET has no body, and HEAD's reply has none", "[receiver][http_server]") {
  start();
  CHECK(body_of(ask(get("/hooks/a"))) == "GET /hooks/a? 127.0.0.1 0");
  RawSocket client = connect();
  client.send("HEAD /hooks/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string reply = client.read_all();
  CHECK(status_of(reply) == 200);
  CHECK(body_of(reply).empty());
}

TEST_CASE_METHOD(Fixture, "A connection serves many requests, and closes when it is asked to",
                 "[receiver][http_server]") {
  start();
  RawSocket client = connect();
  for (int i = 0; i < 500; ++i) {
    REQUIRE(client.send(post("/n/" + std::to_string(i), "x")));
    REQUIRE(body_of(client.read_reply()) == "POST /n/" + std::to_string(i) + "? 127.0.0.1 1");
  }
  client.send(get("/last", "Connection: close\r\n"));
  CHECK(has(client.read_reply(), "Connection: close\r\n"));
  CHECK(client.is_closed());
}

TEST_CASE_METHOD(Fixture, "Requests that do not wait for replies are answered in their order",
                 "[receiver][http_server]") {
  start();
  RawSocket client = connect();
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += post("/n/" + std::to_string(i), std::string(100, 'x'));
  REQUIRE(client.send(all));
  for (int i = 0; i < 50; ++i) {
    CHECK(body_of(client.read_reply()) == "POST /n/" + std::to_string(i) + "? 127.0.0.1 100");
  }
}

TEST_CASE_METHOD(Fixture, "A request may come byte by byte", "[receiver][http_server]") {
  start();
  RawSocket client = connect();
  for (const char byte : post("/slow", "hello"))
    REQUIRE(client.send({&byte, 1}));
  CHECK(status_of(client.read_reply()) == 200);
}

TEST_CASE_METHOD(Fixture, "A sender that stops sending still gets its reply",
                 "[receiver][http_server]") {
  start();
  RawSocket client = connect();
  client.send(post("/half", "hello"));
  client.finish_sending();
  CHECK(status_of(client.read_reply()) == 200);
  CHECK(client.is_closed());
}

TEST_CASE_METHOD(Fixture, "A body above the limit is answered 413 and the connection closed",
                 "[receiver][http_server]") {
  start();
  const bool chunked = GENERATE(false, true);
  RawSocket client = connect();
  if (chunked) {
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na00000\r\n");
  } else {
    client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n");
  }
  client.send(std::string(10U << 20, 'x'));
  const std::string reply = client.read_reply();
  CHECK(status_of(reply) == 413);
  CHECK(has(reply, "Connection: close\r\n"));
  CHECK(client.is_closed());
  REQUIRE(intake.refusals().size() == 1);
  CHECK(has(body_of(reply), intake.refusals()[0].id.str()));
}

TEST_CASE_METHOD(Fixture, "Chunks without end are cut off at the limit",
                 "[receiver][http_server]") {
  options.max_body_bytes = 100'000;
  start();
  RawSocket client = connect();
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "3e8\r\n" + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < 101; ++i)
    client.send(chunk);
  CHECK(status_of(client.read_reply()) == 413);
}

TEST_CASE_METHOD(Fixture, "A chunked body arrives without its frames", "[receiver][http_server]") {
  start();
  CHECK(body_of(ask("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")) == "POST /a? 127.0.0.1 6");
}

TEST_CASE_METHOD(Fixture, "A malformed request is refused and the connection closed",
                 "[receiver][http_server]") {
  start();
  struct Case {
    std::string bytes;
    int status;
  };
  const auto item = GENERATE(
      Case{"POST /a HTTP/1.1\r\nHost: a\r\n\r\n", 411}, Case{"nonsense\r\n\r\n", 400},
      Case{"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
           "chunked\r\n\r\n",
           400},
      Case{"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      Case{"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      Case{"GET /a HTTP/1.1\r\nX-A: " + std::string(20'000, 'x'), 431},
      Case{"BREW /a HTTP/1.1\r\nHost: a\r\n\r\n", 501});
  RawSocket client = connect();
  client.send(item.bytes);
  const std::string reply = client.read_reply();
  CHECK(status_of(reply) == item.status);
  CHECK(has(reply, "Content-Type: application/json\r\n"));
  CHECK(client.is_closed());
}

TEST_CASE_METHOD(Fixture, "A request that does not come in time is answered 408",
                 "[receiver][http_server]") {
  options.read_timeout = 100ms;
  start();
  const auto part =
      GENERATE("GET /a HT", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  RawSocket client = connect();
  client.send(part);
  CHECK(status_of(client.read_reply()) == 408);
  CHECK(client.is_closed());
}

TEST_CASE_METHOD(Fixture, "An idle connection is closed without a word",
                 "[receiver][http_server]") {
  options.idle_timeout = 100ms;
  start();
  RawSocket fresh = connect();
  RawSocket used = connect();
  used.send(get("/a"));
  CHECK(status_of(used.read_reply()) == 200);
  CHECK(fresh.is_closed());
  CHECK(used.is_closed());
}

TEST_CASE_METHOD(Fixture, "Slow and silent senders hold no worker", "[receiver][http_server]") {
  options.worker_threads = 1;
  start();
  std::vector<RawSocket> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(connect());
    slow.back().send(i % 2 == 0 ? "" : "POST /a HTTP/1.1\r\nHost: a\r\nContent-Le");
  }
  CHECK(status_of(ask(get("/quick"))) == 200);
}

TEST_CASE_METHOD(Fixture, "A client that does not read its reply holds no worker",
                 "[receiver][http_server]") {
  options.worker_threads = 1;
  start();
  RawSocket lazy = connect();
  lazy.send(get("/large"));
  CHECK(status_of(ask(get("/quick"))) == 200);
  CHECK(body_of(lazy.read_reply()).size() == 8U << 20);
}

TEST_CASE_METHOD(Fixture, "A large reply arrives whole", "[receiver][http_server]") {
  start();
  CHECK(body_of(ask(get("/large"))).size() == 8U << 20);
}

TEST_CASE_METHOD(Fixture, "300 connections at once are all served", "[receiver][http_server]") {
  options.worker_threads = 4;
  start();
  std::vector<RawSocket> clients;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 300; ++i)
    clients.push_back(connect());
  for (RawSocket& client : clients)
    client.send(get("/a"));
  for (RawSocket& client : clients)
    CHECK(status_of(client.read_reply()) == 200);
  // A backlog of 5 makes clients wait for a second and more before they try again.
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE_METHOD(Fixture, "A reply waits until its event is durable", "[receiver][http_server]") {
  start();
  intake.cork();
  RawSocket client = connect();
  client.send(get("/durable"));
  intake.wait_for_askers(1);
  CHECK(status_of(ask(get("/other"))) == 200);
  intake.uncork();
  CHECK(status_of(client.read_reply()) == 200);
}

TEST_CASE_METHOD(Fixture, "Replies that wait for the disk hold no worker",
                 "[receiver][http_server]") {
  options.worker_threads = 1;
  start();
  intake.cork();
  std::vector<RawSocket> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connect());
    clients.back().send(get("/durable"));
  }
  intake.wait_for_askers(20);
  CHECK(status_of(ask(get("/other"))) == 200);
  intake.uncork();
  for (RawSocket& client : clients) {
    CHECK(status_of(client.read_reply()) == 200);
    client.send(get("/other"));  // the connection stays
    CHECK(status_of(client.read_reply()) == 200);
  }
}

TEST_CASE_METHOD(Fixture, "Quick requests are served one after the other on one connection",
                 "[receiver][http_server]") {
  start();
  RawSocket client = connect();
  std::string all;
  for (int i = 0; i < 2000; ++i)
    all += get("/quick" + std::to_string(i));
  std::jthread sending([&] { client.send(all); });
  for (int i = 0; i < 2000; ++i)
    REQUIRE(has(client.read_reply(), "/quick" + std::to_string(i) + '?'));
}

TEST_CASE_METHOD(Fixture, "A store that fails is told to those who wait",
                 "[receiver][http_server]") {
  start();
  intake.cork();
  RawSocket client = connect();
  client.send(get("/durable"));
  intake.wait_for_askers(1);
  intake.break_store();
  const std::string reply = client.read_reply();
  CHECK(status_of(reply) == 503);
  CHECK(has(body_of(reply), "the store has failed"));
}

TEST_CASE_METHOD(Fixture, "A reply that waits is waited for at the end",
                 "[receiver][http_server]") {
  start();
  intake.cork();
  RawSocket client = connect();
  client.send(get("/durable"));
  intake.wait_for_askers(1);
  std::jthread stopping([this] { server->stop(20s); });
  intake.uncork();
  CHECK(status_of(client.read_reply()) == 200);
}

TEST_CASE_METHOD(Fixture, "An event that is not durable in time is answered 503",
                 "[receiver][http_server]") {
  options.durable_timeout = 50ms;
  start();
  intake.cork();
  const std::string reply = ask(get("/durable"));
  CHECK(status_of(reply) == 503);
  CHECK(has(reply, "Retry-After: "));
  CHECK(has(body_of(reply), intake.refusals().at(0).id.str()));
}

TEST_CASE_METHOD(Fixture, "Bodies above the bound of all together are answered 503",
                 "[receiver][http_server]") {
  options.max_in_flight_bytes = 1000;
  start();
  RawSocket first = connect();
  first.send(post("/gate", std::string(900, 'x')));
  gate.wait_for(1);
  const std::string reply = ask(post("/a", std::string(101, 'x')));
  CHECK(status_of(reply) == 503);
  CHECK(has(reply, "Retry-After: "));
  CHECK(status_of(ask(post("/a", std::string(100, 'x')))) == 200);
  gate.open();
  CHECK(status_of(first.read_reply()) == 200);
  CHECK(status_of(ask(post("/a", std::string(1000, 'x')))) == 200);
}

TEST_CASE_METHOD(Fixture, "What a handler throws is not shown", "[receiver][http_server]") {
  start();
  const std::string reply = ask(get("/throw"));
  CHECK(status_of(reply) == 500);
  CHECK_FALSE(has(reply, "hunter2"));
}

TEST_CASE_METHOD(Fixture, "A sender that asks first is told to go on", "[receiver][http_server]") {
  start();
  RawSocket client = connect();
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(client.read_reply() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  CHECK(status_of(client.read_reply()) == 200);
}

TEST_CASE_METHOD(Fixture, "An address that is in use is a clear error", "[receiver][http_server]") {
  start();
  const auto second =
      HttpServer::start_tcp("127.0.0.1", server->port(), options, intake, service());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::conflict);
  CHECK(has(second.error().message, "127.0.0.1:" + std::to_string(server->port())));
  CHECK(has(second.error().message, "in use"));
  const auto foreign = HttpServer::start_tcp("192.0.2.1", 0, options, intake, service());
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == Errc::io);
}

TEST_CASE_METHOD(Fixture, "A request that is under way finishes before the server stops",
                 "[receiver][http_server]") {
  start();
  RawSocket idle = connect();
  RawSocket busy = connect();
  busy.send(get("/gate"));
  gate.wait_for(1);
  const std::uint16_t port = server->port();
  std::thread stopper([this] { server->stop(30s); });
  CHECK(idle.is_closed());
  gate.open();
  CHECK(status_of(busy.read_reply()) == 200);
  CHECK(busy.is_closed());
  stopper.join();
  CHECK_THROWS(RawSocket(port));
}

TEST_CASE_METHOD(Fixture, "A request that is not whole at the end of the grace period is dropped",
                 "[receiver][http_server]") {
  start();
  RawSocket client = connect();
  client.send("GET /a HTTP/1.1\r\n");
  CHECK(status_of(ask(get("/b"))) == 200);
  server->stop(50ms);
  CHECK(client.is_closed());
}

TEST_CASE_METHOD(Fixture, "Many clients at once get each their own replies",
                 "[receiver][http_server]") {
  options.worker_threads = 8;
  start();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      RawSocket client = connect();
      for (int i = 0; i < 100; ++i) {
        const std::string target = "/" + std::to_string(t) + "/" + std::to_string(i);
        client.send(post(target, std::string(static_cast<std::size_t>(i), 'x')));
        const std::string expected = "POST " + target + "? 127.0.0.1 " + std::to_string(i);
        if (body_of(client.read_reply()) == expected) ++right;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(right == 800);
}

TEST_CASE_METHOD(Fixture, "The unix socket is its owner's alone", "[receiver][http_server]") {
  start_unix();
  struct stat entry {};
  REQUIRE(::stat(socket_path().c_str(), &entry) == 0);
  CHECK((entry.st_mode & 0777) == 0600);
  RawSocket client(socket_path());
  client.send(get("/a"));
  CHECK(body_of(client.read_reply()) == "GET /a? unix 0");
  server->stop(0ms);
  CHECK_FALSE(std::filesystem::exists(socket_path()));
}

TEST_CASE_METHOD(Fixture, "A dead process's socket is replaced, a living one's is not",
                 "[receiver][http_server]") {
  {
    // What is left behind when a process is killed: bound, and nobody listens.
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_path().data(), socket_path().size());
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(fd);
  }
  start_unix();
  const auto second = HttpServer::start_unix(socket_path(), options, intake, service());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::conflict);
  CHECK(control_request(socket_path(), "GET", "/a", "", 5s)->status == 200);
}

TEST_CASE_METHOD(Fixture, "A file in the way of the unix socket is left alone",
                 "[receiver][http_server]") {
  std::ofstream(socket_path()) << "precious";
  const auto started = HttpServer::start_unix(socket_path(), options, intake, service());
  REQUIRE_FALSE(started);
  CHECK(started.error().code == Errc::conflict);
  CHECK(std::filesystem::file_size(socket_path()) == 8);
  const auto long_path = HttpServer::start_unix(std::string(200, 'x'), options, intake, service());
  REQUIRE_FALSE(long_path);
  CHECK(long_path.error().code == Errc::invalid_input);
}

TEST_CASE_METHOD(Fixture, "The control client asks and gets answers",
                 "[receiver][control_client]") {
  start_unix();
  const auto answer = control_request(socket_path(), "GET", "/a%2Fb?x=1&y=a%20b", "", 5s);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "GET /a%2Fb?x=1&y=a%20b unix 0");
  const auto posted = control_request(socket_path(), "POST", "/a", "{\"b\":1}", 5s);
  REQUIRE(posted);
  CHECK(posted->body == "POST /a? unix 7");
  const auto empty = control_request(socket_path(), "POST", "/a", "", 5s);
  REQUIRE(empty);
  CHECK(empty->body == "POST /a? unix 0");
}

TEST_CASE_METHOD(Fixture, "The control client says that no server runs",
                 "[receiver][control_client]") {
  const auto missing = control_request(socket_path(), "GET", "/a", "", 5s);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::not_found);
  CHECK(missing.error().message ==
        "no running server at " + socket_path() + ": start `longshore serve`");
}

TEST_CASE_METHOD(Fixture, "The control client does not wait for ever",
                 "[receiver][control_client]") {
  start_unix();
  const auto late = control_request(socket_path(), "GET", "/gate", "", 100ms);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::unavailable);
}

TEST_CASE_METHOD(Fixture, "curl is served", "[receiver][http_server]") {
  if (!std::filesystem::exists("/usr/bin/curl")) return;
  start();
  const auto how =
      GENERATE("", "-H 'Transfer-Encoding: chunked' ", "-H 'Expect: 100-continue' ", "--http1.0 ");
  std::ofstream(folder.path() / "body") << std::string(500'000, 'x');
  const std::string command = "/usr/bin/curl -s --noproxy '*' " + std::string(how) +
                              "--data-binary @" + (folder.path() / "body").string() +
                              " http://127.0.0.1:" + std::to_string(server->port()) + "/hooks/hub";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 256> text{};
  const std::size_t size = std::fread(text.data(), 1, text.size(), pipe);
  CHECK(::pclose(pipe) == 0);
  CHECK(std::string(text.data(), size) == "POST /hooks/hub? 127.0.0.1 500000");
}
