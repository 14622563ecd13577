// SPDX-License-Identifier: Apache-2.0
#include "receiver/http_loop.h"

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pipeline/log.h"

namespace longshore {
namespace {

constexpr std::chrono::milliseconds kTick{50};  // deadlines are looked at this often
constexpr int kAcceptsPerTurn = 256;
// A client that is still sending when it is refused gets this much time and room to read the reply:
// to close on unread bytes would reset the connection, and the reply would be lost with it.
constexpr std::chrono::seconds kLinger{1};
constexpr std::size_t kLingerBytes = 16U << 20;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

HttpLoop::HttpLoop(Listener listener, const HttpLoopSettings& settings, HttpLoopCallbacks callbacks,
                   WorkerPool& pool)
    : listener_(std::move(listener)),
      settings_(settings),
      callbacks_(std::move(callbacks)),
      pool_(pool) {}

HttpLoop::~HttpLoop() = default;

Status HttpLoop::open() {
  epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &wake_;
  if (epoll_.get() < 0 || wake_.get() < 0 ||
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    return Error{Errc::io, "the operating system gives no event queue for the HTTP server"};
  }
  listen(true);
  return Done{};
}

void HttpLoop::run() {
  std::array<epoll_event, 256> events{};
  SteadyTime next_check = now() + kTick;
  for (;;) {
    const bool quiet = connections_.empty() && listening_ && !stopping_;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   quiet ? -1 : static_cast<int>(kTick.count()));
    for (int i = 0; i < count; ++i)
      handle(events[static_cast<std::size_t>(i)]);
    release_settled();
    take_finished();
    const SteadyTime time = now();
    if (time >= next_check) {
      check_deadlines(time);
      next_check = time + kTick;
      if (!listening_ && !stopping_) listen(true);
    }
    if (stopping_ && wind_down(time)) return;
    closed_.clear();
  }
}

void HttpLoop::stop(std::chrono::milliseconds grace) {
  stop_at_ = now() + grace;
  stopping_ = true;
  wake();
}

void HttpLoop::wake() noexcept {
  if (awake_.exchange(true)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void HttpLoop::handle(const epoll_event& event) {
  if (event.data.ptr == &wake_) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(wake_.get(), &count, sizeof count);
    awake_ = false;
    return;
  }
  if (event.data.ptr == &listener_) return accept_all();
  auto& connection = *static_cast<Connection*>(event.data.ptr);
  switch (connection.state) {
    case State::reading:
      return on_readable(connection);
    case State::writing:
      return flush(connection);
    case State::lingering:
      return discard(connection);
    case State::working:
    case State::settling:
    case State::closed:
      return;
  }
}

void HttpLoop::accept_all() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Fd fd(::accept4(listener_.fd(), reinterpret_cast<sockaddr*>(&address), &size,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() < 0) {
      if (errno == EAGAIN || errno == EBADF || errno == EINVAL) return;
      const bool exhausted =
          errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
      // Everything else is the trouble of one client that is gone already.
      if (exhausted && !evict_oldest_idle()) return listen(false);  // until the next tick
      continue;
    }
    if (connections_.size() >= settings_.max_connections && !evict_oldest_idle()) continue;
    add_connection(std::move(fd), peer_name(address, size));
  }
}

void HttpLoop::add_connection(Fd fd, std::string address) {
  if (!listener_.is_unix()) {
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  auto owned = std::make_unique<Connection>(std::move(fd), settings_.max_body_bytes);
  Connection& connection = *owned;
  connections_.emplace(&connection, std::move(owned));
  connection.address = std::move(address);
  connection.since = now();
  connection.deadline = connection.since + settings_.idle_timeout;
  on_readable(connection);  // most send at once
}

bool HttpLoop::evict_oldest_idle() {
  Connection* oldest = nullptr;
  for (const auto& [key, connection] : connections_) {
    if (connection->state != State::reading || connection->in_request) continue;
    if (oldest == nullptr || connection->since < oldest->since) oldest = connection.get();
  }
  if (oldest == nullptr) return false;
  close(*oldest);
  return true;
}

void HttpLoop::on_readable(Connection& connection) {
  const ssize_t count = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (count < 0 && would_block(errno)) return arm(connection, EPOLLIN);
  if (count <= 0) return close(connection);
  connection.reader.feed({buffer_.data(), static_cast<std::size_t>(count)});
  progress(connection);
}

// Does what the reader's state asks for.
void HttpLoop::progress(Connection& connection) {
  const RequestReader::State state = connection.reader.state();
  if (state == RequestReader::State::refused) {
    return refuse(connection, connection.reader.refusal());
  }
  if (state != RequestReader::State::idle && !connection.in_request) {
    connection.in_request = true;
    connection.since = now();
    connection.deadline = connection.since + settings_.head_timeout;
  }
  if (!charge(connection)) return refuse(connection, {503, "too many bodies are under way"});
  if (state == RequestReader::State::complete) return start_work(connection);
  if (state == RequestReader::State::body) {
    connection.deadline = connection.since + settings_.request_timeout;
  }
  if (connection.reader.take_expectation()) {
    ::send(connection.fd.get(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
  }
  arm(connection, EPOLLIN);
}

bool HttpLoop::charge(Connection& connection) {
  const std::size_t bytes = connection.reader.body_bytes();
  const std::size_t others = in_flight_bytes_ - connection.charged;
  if (bytes > 0 && bytes > settings_.max_in_flight_bytes - others) return false;
  in_flight_bytes_ = others + bytes;
  connection.charged = bytes;
  return true;
}

void HttpLoop::release(Connection& connection) {
  in_flight_bytes_ -= std::exchange(connection.charged, 0);
}

void HttpLoop::start_work(Connection& connection) {
  connection.request = connection.reader.take();
  connection.close_after = !connection.request.head.keep_alive || stopping_;
  const auto serve = [this, &connection] {
    const auto then = connection.close_after ? AfterReply::close : AfterReply::keep;
    return callbacks_.serve(connection.request, connection.address, then);
  };
  if (!callbacks_.is_quick(connection.request)) return submit(connection, serve);
  connection.state = State::working;
  ++working_;
  quick_.emplace_back(&connection, serve());
}

void HttpLoop::refuse(Connection& connection, Refusal refusal) {
  connection.close_after = true;
  submit(connection, [this, &connection, refusal = std::move(refusal)] {
    return ReadyReply{callbacks_.refuse(refusal, connection.address), 0};
  });
}

void HttpLoop::submit(Connection& connection, Job job) {
  connection.state = State::working;
  ++working_;
  const bool taken = pool_.submit([this, &connection, job = std::move(job)] {
    ReadyReply reply = job();
    {
      const std::lock_guard lock(mutex_);
      done_.emplace_back(&connection, std::move(reply));
    }
    wake();
  });
  if (taken) return;
  --working_;
  close(connection);
}

// Writing one reply can begin the next request of its connection, and that end at once.
void HttpLoop::take_finished() {
  std::vector<std::pair<Connection*, ReadyReply>> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  while (!done.empty() || !quick_.empty()) {
    for (auto& [connection, reply] : done)
      finish(*connection, std::move(reply));
    done.clear();
    done.swap(quick_);
  }
}

void HttpLoop::finish(Connection& connection, ReadyReply reply) {
  --working_;
  connection.request = WholeRequest();
  release(connection);
  connection.out = std::move(reply.bytes);
  connection.durable_after = reply.durable_after;
  if (reply.durable_after == 0 || callbacks_.durable(reply.durable_after)) {
    return send_reply(connection);
  }
  connection.state = State::settling;
  connection.deadline = now() + settings_.durable_timeout;
  settling_.emplace(reply.durable_after, &connection);
}

void HttpLoop::release_settled() {
  while (!settling_.empty()) {
    const auto [seq, connection] = *settling_.begin();
    const Status durable = callbacks_.durable(seq);
    if (!durable && durable.error().code == Errc::busy) return;
    settling_.erase(settling_.begin());
    if (durable) send_reply(*connection);
    if (!durable) refuse(*connection, {503, durable.error().message});
  }
}

void HttpLoop::send_reply(Connection& connection) {
  connection.state = State::writing;
  connection.deadline = now() + settings_.write_timeout;
  flush(connection);
}

void HttpLoop::flush(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    const ssize_t count = ::send(connection.fd.get(), connection.out.data() + connection.sent,
                                 connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (count < 0 && would_block(errno)) return arm(connection, EPOLLOUT);
    if (count < 0) return close(connection);
    connection.sent += static_cast<std::size_t>(count);
  }
  after_reply(connection);
}

void HttpLoop::after_reply(Connection& connection) {
  connection.out = std::string();
  connection.sent = 0;
  connection.since = now();
  if (connection.close_after) {
    connection.state = State::lingering;
    connection.deadline = connection.since + kLinger;
    connection.linger_left = kLingerBytes;
    ::shutdown(connection.fd.get(), SHUT_WR);
    return discard(connection);
  }
  connection.state = State::reading;
  connection.in_request = false;
  connection.deadline = connection.since + settings_.idle_timeout;
  connection.reader.feed({});
  progress(connection);
}

void HttpLoop::discard(Connection& connection) {
  const ssize_t count = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (count < 0 && would_block(errno)) return arm(connection, EPOLLIN);
  if (count <= 0 || static_cast<std::size_t>(count) > connection.linger_left) {
    return close(connection);
  }
  connection.linger_left -= static_cast<std::size_t>(count);
  arm(connection, EPOLLIN);
}

// One event, then none until it is armed again: a connection that a worker serves stays quiet.
void HttpLoop::arm(Connection& connection, unsigned events) {
  epoll_event event{};
  event.events = events | EPOLLONESHOT;
  event.data.ptr = &connection;
  const int operation = connection.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  connection.registered = true;
  if (::epoll_ctl(epoll_.get(), operation, connection.fd.get(), &event) != 0) close(connection);
}

void HttpLoop::close(Connection& connection) {
  release(connection);
  connection.state = State::closed;
  connection.fd.reset();
  const auto entry = connections_.find(&connection);
  closed_.push_back(std::move(entry->second));
  connections_.erase(entry);
}

void HttpLoop::check_deadlines(SteadyTime time) {
  std::vector<Connection*> due;
  for (const auto& [key, connection] : connections_) {
    if (connection->state != State::working && time >= connection->deadline) {
      due.push_back(connection.get());
    }
  }
  for (Connection* connection : due)
    on_deadline(*connection);
}

void HttpLoop::on_deadline(Connection& connection) {
  if (connection.state == State::reading && connection.in_request) {
    return refuse(connection, {408, "the request did not come in time"});
  }
  if (connection.state == State::settling) {
    settling_.erase({connection.durable_after, &connection});
    return refuse(connection, {503, "the event is not on the disk yet"});
  }
  close(connection);
}

// Returns true once nothing is left to do.
bool HttpLoop::wind_down(SteadyTime time) {
  if (listener_.fd() >= 0) {
    accept_all();  // whoever is connected already has perhaps sent a request
    listen(false);
    listener_.close();
  }
  const bool over = time >= stop_at_.load();
  std::vector<Connection*> leaving;
  for (const auto& [key, connection] : connections_) {
    const bool idle = connection->state == State::reading && !connection->in_request;
    const bool waited_for =
        connection->state == State::working || connection->state == State::settling;
    if (idle || (over && !waited_for)) leaving.push_back(connection.get());
  }
  for (Connection* connection : leaving)
    close(*connection);
  return connections_.empty();
}

void HttpLoop::listen(bool on) {
  if (on == listening_) return;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &listener_;
  const int operation = on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
  if (::epoll_ctl(epoll_.get(), operation, listener_.fd(), &event) == 0) {
    listening_ = on;
  } else {
    log(LogLevel::error, "http", "The event queue refuses the listening socket.");
  }
}

}  // namespace longshore
