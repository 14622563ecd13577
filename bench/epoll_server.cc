// SPDX-License-Identifier: Apache-2.0
//
// Question: how many requests can one thread of this machine take at all, with the load generator
// beside it? The answer is what every other number of bench/README.md is a share of.
//
//   epoll_server [--port N]
//
// Reads each request to its end and answers 202. Keeps nothing.
#include "bench/http_loop.h"
#include "bench/support.h"

namespace {

using longshore::bench::HttpLoop;

class AnswerAtOnce final : public HttpLoop::Handler {
 public:
  HttpLoop::Answer on_request(HttpLoop::Ticket, std::string_view) override {
    return HttpLoop::Answer::now;
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  longshore::bench::Arguments arguments(argc, argv);
  while (arguments.next()) {
    if (arguments.name() == "--port") {
      port = arguments.number<std::uint16_t>();
    } else {
      longshore::bench::refuse(arguments.name(), "no such option; there is --port");
    }
  }
  HttpLoop loop(port);
  AnswerAtOnce handler;
  loop.run(handler);
  std::printf("answered %llu\n", static_cast<unsigned long long>(loop.answered()));
  return 0;
}
