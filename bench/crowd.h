// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace longshore::bench {

// Connects to 127.0.0.1 and returns a descriptor that does not block. Ends the program if nothing
// listens there.
int connect_to_loopback(std::uint16_t port);

// Connections that bring nothing: some are opened and left alone, others send one byte of a
// request's head a second and never come to its end. One that the server closes is opened again
// when its turn comes, so their number stays.
//
// Threads: belongs to one thread.
class Crowd {
 public:
  using Clock = std::chrono::steady_clock;

  Crowd(std::uint16_t port, const std::string& path, std::uint64_t idle, std::uint64_t slow);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Sends what the slow ones owe by now, and looks after a few of the idle ones.
  void send_due(Clock::time_point now);
  // When to call it again; far away if there is no crowd.
  Clock::time_point next_due() const noexcept { return next_; }
  std::uint64_t closed_by_server() const noexcept { return closed_; }

 private:
  struct Member {
    int fd = -1;
    std::size_t sent = 0;
    enum class Kind { idle, slow } kind = Kind::idle;
  };

  void take_turn(Member& member);

  std::uint16_t port_;
  std::string head_;  // longer than any run
  std::vector<Member> members_;
  std::size_t turn_ = 0;
  Clock::duration gap_{};
  Clock::time_point next_ = Clock::time_point::max();
  std::uint64_t closed_ = 0;
};

}  // namespace longshore::bench
