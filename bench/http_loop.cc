// SPDX-License-Identifier: Apache-2.0
#include "bench/http_loop.h"

#include <array>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/http_head.h"
#include "bench/support.h"

namespace longshore::bench {
namespace {

constexpr std::string_view kAccepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kRefused =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr std::size_t kFirstBuffer = 8U << 10;
constexpr std::size_t kLargestRequest = 2U << 20;
constexpr int kEventsPerRound = 256;

int listen_on_loopback(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) die("socket");
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (::listen(listener, 4096) != 0) die("listen");
  socklen_t size = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening on 127.0.0.1:%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
  std::fflush(stdout);
  return listener;
}

int block_ending_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void add_to(int epoll, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
}

}  // namespace

struct HttpLoop::Connection {
  Ticket ticket;
  std::vector<char> in = std::vector<char>(kFirstBuffer);
  std::size_t begin = 0;  // of the bytes in `in` that are not answered yet
  std::size_t end = 0;
  std::string out;
  enum class Phase { reading, waiting, closing, closed } phase = Phase::reading;
  std::uint32_t watched = EPOLLIN;
  HttpHead::After after = HttpHead::After::keep_alive;  // of the request that waits
};

HttpLoop::HttpLoop(std::uint16_t port)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), waker_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  signals_ = block_ending_signals();
  if (epoll_ < 0 || waker_ < 0 || signals_ < 0) die("epoll, eventfd or signalfd");
  listener_ = listen_on_loopback(port);
  for (const int descriptor : {listener_, waker_, signals_})
    add_to(epoll_, descriptor);
}

HttpLoop::~HttpLoop() {
  for (const auto& connection : connections_) {
    if (connection) ::close(connection->ticket.fd);
  }
  for (const int descriptor : {listener_, waker_, signals_, epoll_})
    ::close(descriptor);
}

void HttpLoop::wake() const {
  const std::uint64_t one = 1;
  if (::write(waker_, &one, sizeof one) != sizeof one && errno != EAGAIN) die("eventfd");
}

void HttpLoop::run(Handler& handler) {
  std::array<epoll_event, kEventsPerRound> events{};
  while (true) {
    const int count = ::epoll_wait(epoll_, events.data(), kEventsPerRound, -1);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == signals_) return;
      if (descriptor == listener_) {
        accept_all();
      } else if (descriptor == waker_) {
        std::uint64_t ignored = 0;
        if (::read(waker_, &ignored, sizeof ignored) > 0) handler.on_wake(*this);
      } else if (auto& connection = connections_[static_cast<std::size_t>(descriptor)]) {
        serve(*connection, events[static_cast<std::size_t>(i)].events, handler);
        if (connection->phase == Connection::Phase::closed) connection.reset();
      }
    }
    handler.after_round(*this);
  }
}

void HttpLoop::reply(Ticket ticket, Handler& handler) {
  const auto index = static_cast<std::size_t>(ticket.fd);
  auto& connection = connections_[index];
  if (!connection || connection->ticket.generation != ticket.generation) return;
  append_answer(*connection);
  answer_requests(*connection, handler);
  flush(*connection);
  if (connection->phase == Connection::Phase::closed) connection.reset();
}

void HttpLoop::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) return;
      die("accept");
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto index = static_cast<std::size_t>(fd);
    if (connections_.size() <= index) connections_.resize(index + 1);
    connections_[index] = std::make_unique<Connection>();
    connections_[index]->ticket = Ticket{fd, next_generation_++};
    add_to(epoll_, fd);
  }
}

void HttpLoop::serve(Connection& connection, std::uint32_t events, Handler& handler) {
  // A fault or a hang-up is read, too: recv() knows whether it is this connection's or one of its
  // predecessor on the same descriptor.
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) receive(connection);
  if (connection.phase == Connection::Phase::closed) return;
  answer_requests(connection, handler);
  flush(connection);
}

void HttpLoop::receive(Connection& connection) {
  auto& in = connection.in;
  if (connection.begin == connection.end) {
    connection.begin = connection.end = 0;
  } else if (connection.end == in.size() && connection.begin > 0) {
    std::memmove(in.data(), in.data() + connection.begin, connection.end - connection.begin);
    connection.end -= connection.begin;
    connection.begin = 0;
  }
  if (connection.end == in.size()) in.resize(in.size() * 2);
  const ssize_t count =
      ::recv(connection.ticket.fd, in.data() + connection.end, in.size() - connection.end, 0);
  if (count > 0) {
    connection.end += static_cast<std::size_t>(count);
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    close(connection);
  }
}

void HttpLoop::answer_requests(Connection& connection, Handler& handler) {
  while (connection.phase == Connection::Phase::reading) {
    const std::string_view bytes(connection.in.data() + connection.begin,
                                 connection.end - connection.begin);
    const HttpHead head = read_head(bytes);
    const bool too_large = bytes.size() > kLargestRequest || head.body_size > kLargestRequest;
    if (head.state == HttpHead::State::bad || too_large) {
      connection.out += kRefused;
      connection.phase = Connection::Phase::closing;
      return;
    }
    if (head.state == HttpHead::State::partial) return;
    if (bytes.size() < head.size + head.body_size) return;
    connection.after = head.after;
    connection.phase = Connection::Phase::waiting;
    const std::string_view body = bytes.substr(head.size, head.body_size);
    const Answer answer = handler.on_request(connection.ticket, body);
    connection.begin += head.size + head.body_size;
    if (answer == Answer::now) append_answer(connection);
  }
}

void HttpLoop::append_answer(Connection& connection) {
  connection.out += kAccepted;
  ++answered_;
  connection.phase = connection.after == HttpHead::After::close ? Connection::Phase::closing
                                                                : Connection::Phase::reading;
}

void HttpLoop::flush(Connection& connection) {
  if (!connection.out.empty()) {
    const ssize_t count =
        ::send(connection.ticket.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (count > 0) connection.out.erase(0, static_cast<std::size_t>(count));
    if (count < 0 && errno != EAGAIN && errno != EINTR) return close(connection);
  }
  if (connection.out.empty() && connection.phase == Connection::Phase::closing) {
    return close(connection);
  }
  watch(connection);
}

void HttpLoop::watch(Connection& connection) {
  // A connection that waits may hold some bytes of its next requests, but not without end.
  const bool full = connection.end - connection.begin > kLargestRequest;
  const std::uint32_t wanted = (full ? 0U : std::uint32_t{EPOLLIN}) |
                               (connection.out.empty() ? 0U : std::uint32_t{EPOLLOUT});
  if (wanted == connection.watched) return;
  epoll_event event{};
  event.events = connection.watched = wanted;
  event.data.fd = connection.ticket.fd;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.ticket.fd, &event) != 0) die("epoll_ctl");
}

void HttpLoop::close(Connection& connection) {
  ::close(connection.ticket.fd);
  connection.phase = Connection::Phase::closed;
}

}  // namespace longshore::bench
