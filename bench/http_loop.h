// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace longshore::bench {

// The least that a server can do: one thread, level-triggered epoll, HTTP/1.1 with keep-alive and
// pipelining. It reads head and Content-Length body and answers fixed bytes, at once or when told.
// No routing, no authentication, no limits but those that keep it alive. Both baselines are this
// loop; what they do with a body is the difference between them.
//
// Threads: all of it belongs to the thread that calls run(), but for wake().
class HttpLoop {
 public:
  // Names an open connection. One that has been closed is never named again.
  struct Ticket {
    int fd = -1;
    std::uint32_t generation = 0;
  };
  enum class Answer { now, later };

  class Handler {
   public:
    virtual ~Handler() = default;
    // One whole request; the body lives as long as the call. later: reply() is called with this
    // ticket; until then no further request of the connection is read.
    virtual Answer on_request(Ticket ticket, std::string_view body) = 0;
    // All that was readable has been served: the time to hand over a batch.
    virtual void after_round(HttpLoop&) {}
    // wake() was called.
    virtual void on_wake(HttpLoop&) {}
  };

  // Listens on 127.0.0.1 and prints "listening on 127.0.0.1:PORT" on standard output. Port 0: a
  // free one. Blocks SIGTERM and SIGINT for this thread and all that it starts later.
  explicit HttpLoop(std::uint16_t port);
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  // Serves until SIGTERM or SIGINT.
  void run(Handler& handler);
  // Answers what was put off. Does nothing for a connection that has been closed since.
  void reply(Ticket ticket, Handler& handler);
  // Makes the loop call on_wake(). Threads: safe from every thread.
  void wake() const;

  std::uint64_t answered() const noexcept { return answered_; }

 private:
  struct Connection;

  void accept_all();
  void serve(Connection& connection, std::uint32_t events, Handler& handler);
  void receive(Connection& connection);
  void answer_requests(Connection& connection, Handler& handler);
  void append_answer(Connection& connection);
  void flush(Connection& connection);
  void watch(Connection& connection);
  void close(Connection& connection);

  int epoll_ = -1;
  int listener_ = -1;
  int signals_ = -1;
  int waker_ = -1;
  std::uint32_t next_generation_ = 1;
  std::uint64_t answered_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
};

}  // namespace longshore::bench
