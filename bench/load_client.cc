// SPDX-License-Identifier: Apache-2.0
#include "bench/load_client.h"

#include <charconv>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/crowd.h"
#include "bench/http_head.h"
#include "bench/support.h"

namespace longshore::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainAtMost = 10s;
constexpr std::size_t kEventsPerRound = 256;
constexpr std::size_t kReplyBuffer = 16U << 10;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

std::string head_for(const LoadOptions& options, std::size_t body_size) {
  std::string head = "POST " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  if (!options.token.empty()) head += "Authorization: Bearer " + options.token + "\r\n";
  return head + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body_size) +
         "\r\n\r\n";
}

int status_of(std::string_view start_line) {
  int status = 0;
  if (start_line.size() < 12) return 0;
  std::from_chars(start_line.data() + 9, start_line.data() + 12, status);
  return status;
}

}  // namespace

struct LoadClient::Connection {
  int fd = -1;
  std::string request;
  std::size_t sent = 0;
  std::string in;
  std::uint32_t watched = EPOLLIN;
  enum class State { idle, sending, waiting } state = State::idle;
  Phase phase = Phase::warming;  // in which its request was due
  Clock::time_point due;
};

LoadClient::LoadClient(const LoadOptions& options)
    : options_(options),
      body_(docker_hub_push()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      connections_(options.connections),
      events_(kEventsPerRound),
      buffer_(kReplyBuffer),
      serial_(options.first_serial) {
  if (epoll_ < 0) die("epoll_create1");
  // A sleep may else end 50 us late, which an open loop would count as the server's.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  request_ = head_for(options_, body_.size());
  body_at_ = request_.size();
  request_ += body_.text();
  for (Connection& connection : connections_) {
    connection.request = request_;
    open(connection);
    idle_.push_back(&connection);
  }
}

LoadClient::~LoadClient() {
  for (const Connection& connection : connections_)
    ::close(connection.fd);
  ::close(epoll_);
}

void LoadClient::open(Connection& connection) {
  connection.fd = connect_to_loopback(options_.port);
  epoll_event event{};
  event.events = connection.watched = EPOLLIN;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) != 0) die("epoll_ctl");
}

void LoadClient::reopen(Connection& connection) {
  ::close(connection.fd);
  connection.in.clear();
  ++result_.reconnects;
  open(connection);
}

LoadResult LoadClient::run() {
  Crowd crowd(options_.port, options_.path, options_.idle_connections, options_.slow_senders);
  const auto begin = Clock::now();
  const auto measure_at = begin + std::chrono::duration_cast<Clock::duration>(options_.warm_up);
  const auto drain_at = measure_at + std::chrono::duration_cast<Clock::duration>(options_.measured);
  next_due_ = begin;
  for (auto now = begin; now < drain_at; now = Clock::now()) {
    if (phase_ == Phase::warming && now >= measure_at) begin_measuring(now);
    crowd.send_due(now);
    start_due(now);
    wait_and_serve(std::min(drain_at, crowd.next_due()));
  }
  end_measuring(Clock::now());
  while (outstanding_ > 0 && Clock::now() < drain_at + kDrainAtMost) {
    wait_and_serve(drain_at + kDrainAtMost);
  }
  result_.lost += outstanding_;
  result_.crowd_closed = crowd.closed_by_server();
  return result_;
}

void LoadClient::begin_measuring(Clock::time_point now) {
  phase_ = Phase::measuring;
  measured_from_ = now;
  cpu_from_ = cpu_seconds();
}

void LoadClient::end_measuring(Clock::time_point now) {
  phase_ = Phase::draining;
  result_.seconds = std::chrono::duration<double>(now - measured_from_).count();
  result_.cpu_seconds = cpu_seconds() - cpu_from_;
  if (options_.rate <= 0) return;
  for (; next_due_ < now; ++result_.unsent) {
    next_due_ += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / options_.rate));
  }
}

void LoadClient::start_due(Clock::time_point now) {
  if (options_.rate <= 0) {
    // A start that fails puts its connection back.
    const std::vector<Connection*> idle = std::exchange(idle_, {});
    for (Connection* const connection : idle)
      start(*connection, now);
    return;
  }
  const std::chrono::nanoseconds gap(static_cast<std::int64_t>(1e9 / options_.rate));
  while (next_due_ <= now && !idle_.empty()) {
    Connection* const connection = idle_.back();
    idle_.pop_back();
    start(*connection, next_due_);
    next_due_ += gap;
  }
}

void LoadClient::start(Connection& connection, Clock::time_point due) {
  body_.fill(serial_, serial_ % options_.repositories, connection.request.data() + body_at_);
  ++serial_;
  ++result_.sent;
  ++outstanding_;
  connection.sent = 0;
  connection.due = due;
  connection.phase = phase_;
  connection.state = Connection::State::sending;
  send_rest(connection);
}

void LoadClient::send_rest(Connection& connection) {
  const ssize_t count = ::send(connection.fd, connection.request.data() + connection.sent,
                               connection.request.size() - connection.sent, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) return lose(connection);
  if (count > 0) connection.sent += static_cast<std::size_t>(count);
  if (connection.sent == connection.request.size()) connection.state = Connection::State::waiting;
  watch(connection);
}

void LoadClient::watch(Connection& connection) {
  const bool sending = connection.state == Connection::State::sending;
  const std::uint32_t wanted = EPOLLIN | (sending ? std::uint32_t{EPOLLOUT} : 0U);
  if (wanted == connection.watched) return;
  epoll_event event{};
  event.events = connection.watched = wanted;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event) != 0) die("epoll_ctl");
}

void LoadClient::wait_and_serve(Clock::time_point until) {
  if (phase_ != Phase::draining && options_.rate > 0 && !idle_.empty()) {
    until = std::min(until, next_due_);
  }
  const auto wait = std::max(Clock::duration{0}, until - Clock::now());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
  const timespec timeout{seconds.count(), (wait - seconds).count()};
  const int count =
      ::epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
  if (count < 0 && errno != EINTR) die("epoll_pwait2");
  for (int i = 0; i < count; ++i) {
    const epoll_event event = events_[static_cast<std::size_t>(i)];
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    const bool sending = connection.state == Connection::State::sending;
    if (sending && (event.events & EPOLLOUT) != 0) send_rest(connection);
    if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) receive(connection);
  }
}

void LoadClient::receive(Connection& connection) {
  const ssize_t count = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return lose(connection);
  std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
  if (!connection.in.empty()) bytes = connection.in.append(bytes);
  const HttpHead head = read_head(bytes);
  if (head.state == HttpHead::State::bad) refuse("reply", "it has no Content-Length");
  if (head.state == HttpHead::State::partial || bytes.size() < head.size + head.body_size) {
    if (connection.in.empty()) connection.in = bytes;
    return;
  }
  const int status = status_of(head.start_line);
  const bool in_step =
      connection.state == Connection::State::waiting && bytes.size() == head.size + head.body_size;
  connection.in.clear();
  finish(connection, status);
  if (head.after == HttpHead::After::close || !in_step) reopen(connection);
}

void LoadClient::finish(Connection& connection, int status) {
  if (connection.state == Connection::State::idle) return;
  const auto now = Clock::now();
  ++result_.replies[status];
  --outstanding_;
  connection.state = Connection::State::idle;
  idle_.push_back(&connection);
  const bool good = status >= 200 && status < 300;
  if (good && connection.phase == Phase::measuring && phase_ == Phase::measuring) {
    result_.latency.add(static_cast<std::uint64_t>((now - connection.due).count()));
  }
}

void LoadClient::lose(Connection& connection) {
  if (connection.state != Connection::State::idle) {
    ++result_.lost;
    --outstanding_;
    connection.state = Connection::State::idle;
    idle_.push_back(&connection);
  }
  reopen(connection);
}

}  // namespace longshore::bench
