// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>

#include "pipeline/result.h"
#include "sinks/http/message.h"

namespace longshore {

struct HttpClientOptions {
  std::size_t connections_per_host = 8;  // above, requests wait for one that is free
  std::size_t idle_connections = 64;     // kept open, of all hosts together
};

// The HTTP client: HTTP/1.1 with kept connections, one thread for all transfers. It follows no
// redirect, keeps no cookie, asks no proxy, reads no .netrc and nothing of the environment; it does
// not retry, but for a kept connection that turns out to be closed. A client certificate is only
// shown on the connections of the requests that name it.
//
// One thread and a libcurl multi handle instead of a handle for each caller: kept connections
// belong to a handle, and libcurl 7.88 does not let threads share them.
//
// Threads: send() is safe from every thread, but not from a request's on_body; it blocks its
// caller. Lifetime: the destructor ends what is under way and waits for its callers; no call may
// begin then.
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

 private:
  struct Call;
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace longshore
