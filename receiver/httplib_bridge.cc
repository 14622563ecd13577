// SPDX-License-Identifier: Apache-2.0
#include "receiver/httplib_bridge.h"

#include <algorithm>

#include <httplib.h>

#include "pipeline/log.h"
#include "receiver/replies.h"

namespace longshore {
namespace {

constexpr std::size_t kNoLimit = 1'000'000;  // requests on one connection

// What cpp-httplib reads and writes in place of a socket. The virtual functions of its Stream
// differ from version to version; those of all versions are here, without `override`.
// NOLINTBEGIN(modernize-use-override)
class MemoryStream : public httplib::Stream {
 public:
  explicit MemoryStream(std::string in) : in_(std::move(in)) {}
  virtual ~MemoryStream() = default;

  const std::string& written() const noexcept { return out_; }

  virtual bool is_readable() const { return at_ < in_.size(); }
  virtual bool is_writable() const { return true; }
  virtual bool wait_readable() const { return is_readable(); }
  virtual bool wait_writable() const { return true; }
  virtual time_t duration() const { return 0; }
  virtual ssize_t read(char* to, std::size_t size) {
    const std::size_t here = std::min(size, in_.size() - at_);
    std::copy_n(in_.data() + at_, here, to);
    at_ += here;
    return static_cast<ssize_t>(here);
  }
  virtual ssize_t write(const char* from, std::size_t size) {
    out_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  virtual void get_remote_ip_and_port(std::string&, int&) const {}
  virtual void get_local_ip_and_port(std::string&, int&) const {}
  virtual socket_t socket() const { return INVALID_SOCKET; }

 private:
  const std::string in_;
  std::size_t at_ = 0;
  std::string out_;
};
// NOLINTEND(modernize-use-override)

// The exchange that this thread is in. cpp-httplib calls the handler on the thread that called it,
// and has no place for a pointer of ours on the way.
struct Exchange {
  const WholeRequest* request = nullptr;
  const HttpReply* ready = nullptr;  // a reply that needs no handler
  std::string_view address;
  Seq durable_after = 0;  // of the handler's reply
};
thread_local Exchange* exchange = nullptr;

HttpRequest view(const WholeRequest& request, std::string_view address) {
  const std::string_view target = request.head.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view query =
      mark < target.size() ? target.substr(mark + 1) : target.substr(mark);
  return HttpRequest{request.head.method,  target.substr(0, mark), query,
                     request.head.headers, request.body,           address};
}

void copy_reply(const HttpReply& reply, httplib::Response& to) {
  to.status = reply.status;
  for (const auto& [name, value] : reply.headers)
    to.set_header(name, value);
  to.body = reply.body;
}

}  // namespace

class HttplibBridge::Server : public httplib::Server {
 public:
  Server(HttplibBridge::Handler handler, std::chrono::seconds idle_timeout)
      : handler_(std::move(handler)) {
    // Both only appear in the Keep-Alive field: connections are not cpp-httplib's business here.
    set_keep_alive_timeout(idle_timeout.count());
    set_keep_alive_max_count(kNoLimit);
    set_exception_handler([](const httplib::Request&, httplib::Response& to, const auto&...) {
      log(LogLevel::error, "http", "A handler threw; the request was answered 500.");
      copy_reply(error_reply(500, "internal error"), to);
    });
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& to) {
      if (exchange->ready != nullptr) {
        copy_reply(*exchange->ready, to);
      } else {
        const HttpReply reply = handler_(view(*exchange->request, exchange->address));
        exchange->durable_after = reply.durable_after;
        copy_reply(reply, to);
      }
      return HandlerResponse::Handled;
    });
  }

  std::string run(Exchange& current, std::string_view method, bool close) {
    MemoryStream stream(std::string(method) + " / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    exchange = &current;
    process(*this, stream, close);
    exchange = nullptr;
    return stream.written();
  }

 private:
  // Its arguments grew over the versions: 0.11, 0.18 (addresses) and 0.33 (an out flag).
  template <class Self>
  static void process(Self& self, httplib::Stream& stream, bool close) {
    bool closed = false;
    bool upgraded = false;
    if constexpr (requires { self.process_request(stream, close, closed, nullptr); }) {
      self.process_request(stream, close, closed, nullptr);
    } else if constexpr (requires {
                           self.process_request(stream, "", 0, "", 0, close, closed, nullptr);
                         }) {
      self.process_request(stream, "", 0, "", 0, close, closed, nullptr);
    } else {
      self.process_request(stream, "", 0, "", 0, close, closed, nullptr, &upgraded);
    }
  }

  const HttplibBridge::Handler handler_;
};

HttplibBridge::HttplibBridge(Handler handler, std::chrono::seconds idle_timeout)
    : server_(std::make_unique<Server>(std::move(handler), idle_timeout)) {}

HttplibBridge::~HttplibBridge() = default;

ReadyReply HttplibBridge::respond(const WholeRequest& request, std::string_view address,
                                  AfterReply then) const {
  Exchange current{&request, nullptr, address};
  std::string bytes = server_->run(current, request.head.method, then == AfterReply::close);
  return {std::move(bytes), current.durable_after};
}

std::string HttplibBridge::format(const HttpReply& reply, AfterReply then) const {
  Exchange current{nullptr, &reply, {}};
  return server_->run(current, "GET", then == AfterReply::close);
}

}  // namespace longshore
