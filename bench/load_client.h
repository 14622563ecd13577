// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <sys/epoll.h>

#include "bench/latency_histogram.h"
#include "bench/push_bodies.h"

namespace longshore::bench {

struct LoadOptions {
  std::uint16_t port = 0;  // on 127.0.0.1
  std::string path = "/hooks/hub";
  std::string token;  // sent as "Authorization: Bearer …" if it is not empty
  std::uint64_t connections = 32;
  std::uint64_t repositories = 1000;
  std::uint64_t first_serial = 0;  // runs against one store must not repeat each other's bodies
  double rate = 0;                 // requests per second; 0: as fast as the replies come
  std::chrono::duration<double> warm_up{1};  // not measured
  std::chrono::duration<double> measured{5};
  std::uint64_t idle_connections = 0;  // opened and left alone
  std::uint64_t slow_senders = 0;      // each sends one byte of its head a second
};

struct LoadResult {
  std::uint64_t sent = 0;                // warm-up and all that follows included
  std::map<int, std::uint64_t> replies;  // by status, of all that were sent
  std::uint64_t lost = 0;                // the connection ended before the reply
  std::uint64_t unsent = 0;              // due at the rate, but no connection was free
  std::uint64_t reconnects = 0;
  std::uint64_t crowd_closed = 0;  // idle and slow ones that the server closed
  double seconds = 0;              // measured
  double cpu_seconds = 0;          // of this program, in that time
  LatencyHistogram latency;        // of the measured 2xx
};

// Sends pushes of Docker Hub, each one different, over keep-alive connections from one thread, and
// counts what comes back. With a rate it is an open loop: a request is timed from the moment when
// it was due, so a server that stalls is charged for all that waited meanwhile. Without one each
// connection sends its next request when the last is answered. All that was sent is waited for (at
// most 10 s) before it returns, so that the counts can be compared with a store.
class LoadClient {
 public:
  explicit LoadClient(const LoadOptions& options);
  ~LoadClient();
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;

  LoadResult run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection;

  void open(Connection& connection);
  void reopen(Connection& connection);
  void start_due(Clock::time_point now);
  void start(Connection& connection, Clock::time_point due);
  void send_rest(Connection& connection);
  void watch(Connection& connection);
  void receive(Connection& connection);
  void finish(Connection& connection, int status);
  void lose(Connection& connection);
  void wait_and_serve(Clock::time_point until);
  void begin_measuring(Clock::time_point now);
  void end_measuring(Clock::time_point now);

  LoadOptions options_;
  BodyTemplate body_;
  std::string request_;      // head and body; each connection fills a copy
  std::size_t body_at_ = 0;  // where the body begins in it
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::vector<Connection*> idle_;
  std::vector<epoll_event> events_;
  std::vector<char> buffer_;
  std::uint64_t serial_ = 0;
  std::uint64_t outstanding_ = 0;
  enum class Phase { warming, measuring, draining } phase_ = Phase::warming;
  Clock::time_point next_due_;
  Clock::time_point measured_from_;
  double cpu_from_ = 0;
  LoadResult result_;
};

}  // namespace longshore::bench
