// SPDX-License-Identifier: Apache-2.0
#include "bench/crowd.h"

#include <array>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/support.h"

namespace longshore::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kTurnsEvery = 1s;  // of each member
constexpr auto kShortestGap = 1ms;

bool is_closed(int fd) {
  std::array<char, 512> ignored{};
  const ssize_t count = ::recv(fd, ignored.data(), ignored.size(), MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

}  // namespace

int connect_to_loopback(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) die("fcntl");
  return fd;
}

Crowd::Crowd(std::uint16_t port, const std::string& path, std::uint64_t idle, std::uint64_t slow)
    : port_(port),
      head_("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + std::string(4096, 'a')) {
  for (std::uint64_t i = 0; i < idle + slow; ++i) {
    Member member;
    member.fd = connect_to_loopback(port_);
    // Mixed, so that a round of turns is even.
    const bool is_slow = (i + 1) * slow / (idle + slow) != i * slow / (idle + slow);
    member.kind = is_slow ? Member::Kind::slow : Member::Kind::idle;
    members_.push_back(member);
  }
  if (members_.empty()) return;
  gap_ = Clock::duration(kTurnsEvery) / static_cast<Clock::rep>(members_.size());
  next_ = Clock::now();
}

Crowd::~Crowd() {
  for (const Member& member : members_)
    ::close(member.fd);
}

void Crowd::send_due(Clock::time_point now) {
  if (now < next_) return;
  // A turn per gap, but not a wake-up per gap: those that came due meanwhile go together.
  const auto owed = (now - next_) / gap_ + 1;
  for (Clock::rep i = 0; i < owed; ++i) {
    take_turn(members_[turn_]);
    turn_ = (turn_ + 1) % members_.size();
  }
  next_ += std::max(owed * gap_, Clock::duration(kShortestGap));
}

void Crowd::take_turn(Member& member) {
  bool gone = is_closed(member.fd);
  if (!gone && member.kind == Member::Kind::slow) {
    gone = ::send(member.fd, head_.data() + member.sent, 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN;
    member.sent = std::min(member.sent + 1, head_.size() - 1);
  }
  if (!gone) return;
  ++closed_;
  ::close(member.fd);
  member.fd = connect_to_loopback(port_);
  member.sent = 0;
}

}  // namespace longshore::bench
