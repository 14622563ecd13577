// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "pipeline/intake.h"
#include "receiver/http_message.h"
#include "receiver/options.h"

namespace longshore {

// What a server serves. Called on the threads of its workers, several at a time.
struct HttpService {
  // Answers a whole request.
  std::function<HttpReply(const HttpRequest&)> handle;
  // Whether handle() never waits for anything on this path: then it is called on the thread of the
  // connections, which saves two changes of thread. Safe from every thread.
  std::function<bool(std::string_view target)> is_quick;
  // Answers one that the transport refused (400, 408, 411, 413, 417, 431, 501, 503, 505).
  std::function<HttpReply(int status, const std::string& reason, std::string_view address)> refuse;
};

// The HTTP/1.1 front, on TCP or on a unix socket. One thread reads and writes all connections
// (receiver/http_loop.h) and answers quick requests; `worker_threads` run the other handlers, in
// cpp-httplib (httplib_bridge.h). So a sender that is idle or slow, and a reply that waits for the
// disk, cost memory and no thread.
//
// * Requests are read strictly (http_head.h); a refused one's connection is closed.
// * Limits: a head of 16 KiB and 64 fields within read_timeout, the whole request within twice
//   that, else 408; the body as configured, chunked or not, else 413; all bodies together, else 503
//   with Retry-After; connections by the limit of open files, above which the one that was idle
//   longest is closed.
// * A reply with durable_after is sent once that is durable. If it is not so within
//   durable_timeout, a 503 with Retry-After is sent in its place.
//
// Threads: every function is safe from every thread but the destructor.
// Lifetime: the service and the intake outlive it.
class HttpServer {
 public:
  // Binds before it returns, and serves from then on. Port 0: any free one. conflict: the address
  // is in use.
  static Result<std::unique_ptr<HttpServer>> start_tcp(const std::string& host, std::uint16_t port,
                                                       const ReceiverOptions& options,
                                                       Intake& intake, HttpService service);
  // Mode 0600 from its first moment; a dead process's socket is replaced. conflict: another process
  // listens there.
  static Result<std::unique_ptr<HttpServer>> start_unix(const std::filesystem::path& path,
                                                        const ReceiverOptions& options,
                                                        Intake& intake, HttpService service);
  ~HttpServer();  // stop() without grace, if nobody has called it

  std::uint16_t port() const noexcept;  // 0 on a unix socket

  // Takes no new connections, closes idle ones, and lets requests that have begun finish within the
  // grace period. One that a handler is still answering is waited for. Returns when all is closed.
  void stop(std::chrono::milliseconds grace);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace longshore
