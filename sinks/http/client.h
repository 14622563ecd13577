// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>

#include "pipeline/result.h"
#include "sinks/http/message.h"

namespace longshore {

struct HttpClientOptions {
  std::size_t connections_per_host = 8;  // above, requests wait for one that is free
  std::size_t idle_connections = 64;     // kept open, of all hosts together
};

// The HTTP client: HTTP/1.1 with kept connections, one thread for all requests and another for all
// streams, so that a stream takes no connection away from the requests. It follows no redirect,
// keeps no cookie, asks no proxy, reads no .netrc and nothing of the environment; it does not
// retry, but for a kept connection that turns out to be closed. A client certificate is only shown
// on the connections of the requests that name it.
//
// One thread and a libcurl multi handle instead of a handle for each caller: kept connections
// belong to a handle, and libcurl 7.88 does not let threads share them.
//
// Threads: send() and stream() are safe from every thread, but not from a request's on_body; they
// block their caller. Lifetime: the destructor ends what is under way and waits for its callers; no
// call may begin then.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends one request and returns the answer, whatever its status.
  //
  // Fails with invalid_input for a URL or a field that cannot be sent, files of TLS that cannot be
  // read, and an address out of the request's reach; with unavailable if there is no whole answer
  // within its timeout or until `stop` is requested; with unsupported if the answer is larger than
  // the request's limits. No message repeats a URL's query, user information or a field's value.
  Result<HttpAnswer> send(const OutboundRequest& request, const std::stop_token& stop = {});

  // The head of the answer, its body empty, and the next bytes of its body; false ends the request.
  using OnBytes = std::function<bool(const HttpAnswer& head, std::string_view bytes)>;
  // Sends one request whose answer may take hours, and calls for its bytes as they come, on the
  // caller's thread, which may take its time: no more than 1 MiB waits for it, then the connection
  // is not read. What came before the answer was cut is given before stream() fails.
  //
  // Returns the head once the server has ended the answer or on_bytes wanted no more. Fails as
  // send() does, but for the size of the body, which has no limit; the request's on_body is not
  // called. A peer that is gone without a word is noticed by TCP keep-alive in about a minute;
  // silence alone is no failure before the request's timeout.
  Result<HttpAnswer> stream(const OutboundRequest& request, const OnBytes& on_bytes,
                            const std::stop_token& stop = {});

 private:
  struct Call;
  class Loop;
  const HttpClientOptions options_;
  const std::unique_ptr<Loop> requests_;
  std::once_flag streams_begun_;
  std::unique_ptr<Loop> streams_;  // made by the first of them
};

}  // namespace longshore
