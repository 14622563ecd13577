// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/fake_server.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace longshore::cli_tests {
namespace {

constexpr int kLookAgainMillis = 50;

int listen_unix(const std::string& name) {
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) throw std::runtime_error("name too long");
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  if (bind(listener, plain, sizeof address) != 0 || listen(listener, 8) != 0) {
    throw std::runtime_error("cannot listen on " + name);
  }
  return listener;
}

int listen_port(int& port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (bind(listener, plain, size) != 0 || listen(listener, 8) != 0 ||
      getsockname(listener, plain, &size) != 0) {
    throw std::runtime_error("cannot listen on a port");
  }
  port = ntohs(address.sin_port);
  return listener;
}

std::size_t content_length(std::string head) {
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t at = head.find("\r\ncontent-length:");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 17));
}

std::string read_request(int connection) {
  std::string request;
  for (;;) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end != std::string::npos &&
        request.size() >= end + 4 + content_length(request.substr(0, end))) {
      return request;
    }
    char bytes[4096];
    const ssize_t count = recv(connection, bytes, sizeof bytes, 0);
    if (count <= 0) return request;
    request.append(bytes, static_cast<std::size_t>(count));
  }
}

}  // namespace

FakeServer::FakeServer(const std::string& socket, Answers answers)
    : listener_(socket.empty() ? listen_port(port_) : listen_unix(socket)),
      answers_(std::move(answers)),
      thread_([this](const std::stop_token& stop) { serve(stop); }) {}

FakeServer::~FakeServer() {
  thread_.request_stop();
  thread_.join();
  close(listener_);
}

std::vector<std::string> FakeServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FakeServer::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd handle{listener_, POLLIN, 0};
    if (poll(&handle, 1, kLookAgainMillis) <= 0) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    close(connection);
  }
}

FakeServer::Answer FakeServer::next_answer(const std::string& asked) {
  const auto found = answers_.find(asked);
  if (found == answers_.end()) return {404, "{\"error\":\"no such thing\"}"};
  Answer answer = found->second;
  if (!answer.then.empty()) {
    found->second = answer.then.front();
    found->second.then.assign(answer.then.begin() + 1, answer.then.end());
  }
  return answer;
}

void FakeServer::answer(int connection) {
  const std::string request = read_request(connection);
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  const std::string asked = request.substr(0, request.find(" HTTP/"));
  const Answer answer = next_answer(asked);
  const std::string bytes = "HTTP/1.1 " + std::to_string(answer.status) +
                            " X\r\nContent-Type: application/json\r\nContent-Length: " +
                            std::to_string(answer.body.size()) + "\r\nConnection: close\r\n\r\n" +
                            answer.body;
  send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace longshore::cli_tests
