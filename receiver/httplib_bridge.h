// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "receiver/request_reader.h"

namespace longshore {

// Runs a handler for one request through cpp-httplib, and returns the bytes of its reply.
//
// The bytes that a client sent never reach cpp-httplib's parser: 0.11.4 skips lines that it does
// not understand, undoes percent-encoding in header values, takes the first of two Content-Lengths
// and has no limits for chunked bodies. It is given a canonical head of our own making in memory,
// and the request that our reader made takes its place before the handler sees it. What is left to
// it is what it is good at: routing, an answer for a handler that throws, and the reply's format.
//
// Threads: respond() is safe from every thread.
class HttplibBridge {
 public:
  using Handler = std::function<HttpReply(const HttpRequest&)>;

  // A handler that throws is answered with a 500 that tells nothing of the exception.
  // `idle_timeout` is told to clients that keep their connection.
  HttplibBridge(Handler handler, std::chrono::seconds idle_timeout);
  ~HttplibBridge();

  // The whole reply, with the head fields that tell the client what becomes of the connection.
  ReadyReply respond(const WholeRequest& request, std::string_view address, AfterReply then) const;
  // The same for a reply that is known without asking the handler.
  std::string format(const HttpReply& reply, AfterReply then) const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace longshore
