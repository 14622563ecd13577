// SPDX-License-Identifier: Apache-2.0
//
// Question: what does keeping cost? The bare epoll loop again, but each body becomes one row of a
// SQLite file, and its reply is held until that row is on the disk. No JSON is read, nothing is
// authenticated, decided or hashed: what the product does beyond this loop is its own price. By
// default an event is one row; with `--rows everything` also the rows that deciding it leaves
// behind.
//
//   commit_server --store PATH [--port N] [--rows event|everything]
#include <optional>

#include "bench/row_writer.h"
#include "bench/support.h"

namespace longshore::bench {
namespace {

class AnswerOnceDurable final : public HttpLoop::Handler {
 public:
  explicit AnswerOnceDurable(RowWriter& writer) : writer_(writer) {}

  HttpLoop::Answer on_request(HttpLoop::Ticket ticket, std::string_view body) override {
    rows_.push_back({ticket, EventRow::of(++seq_, body)});
    return HttpLoop::Answer::later;
  }
  void after_round(HttpLoop&) override { writer_.put(rows_); }
  void on_wake(HttpLoop& loop) override {
    writer_.take_committed(tickets_);
    for (const HttpLoop::Ticket ticket : tickets_)
      loop.reply(ticket, *this);
  }

 private:
  RowWriter& writer_;
  std::uint64_t seq_ = 0;
  std::vector<WaitingRow> rows_;
  std::vector<HttpLoop::Ticket> tickets_;
};

}  // namespace
}  // namespace longshore::bench

int main(int argc, char** argv) {
  using longshore::bench::refuse;
  std::uint16_t port = 0;
  std::optional<std::string> store;
  auto rows = longshore::bench::Rows::event;
  longshore::bench::Arguments arguments(argc, argv);
  while (arguments.next()) {
    if (arguments.name() == "--port") {
      port = arguments.number<std::uint16_t>();
    } else if (arguments.name() == "--store") {
      store = arguments.value();
    } else if (arguments.name() == "--rows" && arguments.value() == "everything") {
      rows = longshore::bench::Rows::everything;
    } else if (arguments.name() != "--rows" || arguments.value() != "event") {
      refuse(arguments.name(), "there are --store PATH, --port N and --rows event|everything");
    }
  }
  if (!store) refuse("--store", "the path of the file has to be given");
  longshore::bench::HttpLoop loop(port);
  {
    longshore::bench::RowWriter writer(*store, rows, [&loop] { loop.wake(); });
    longshore::bench::AnswerOnceDurable handler(writer);
    loop.run(handler);
  }
  std::printf("answered %llu\n", static_cast<unsigned long long>(loop.answered()));
  return 0;
}
