// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace longshore::cli_tests {

// Answers HTTP requests on a unix socket or on a free port of 127.0.0.1, each on a connection of
// its own: a fixed answer for each "METHOD target", else 404. Remembers what was asked.
class FakeServer {
 public:
  struct Answer {
    int status = 200;
    std::string body;
    std::vector<Answer> then = {};  // to those who ask again, one after the other; the last stays
  };
  using Answers = std::map<std::string, Answer>;

  // Listens on the unix socket of this name; on a port where it is empty.
  FakeServer(const std::string& socket, Answers answers);
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer();

  int port() const { return port_; }
  // The requests so far, whole.
  std::vector<std::string> requests() const;

 private:
  void serve(const std::stop_token& stop);
  void answer(int connection);
  Answer next_answer(const std::string& asked);

  int port_ = 0;  // before listener_, which sets it
  int listener_ = -1;
  Answers answers_;  // thread_ only
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;  // guarded by mutex_
  std::jthread thread_;                // last: ends before the rest goes
};

}  // namespace longshore::cli_tests
