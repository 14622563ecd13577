// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/socket.h>
#include <sys/types.h>

#include "pipeline/fd.h"
#include "pipeline/result.h"

namespace longshore {

// A socket that listens and does not block. On a unix socket it removes the path when it goes, if
// what is there is still its own.
class Listener {
 public:
  // Port 0: any free one. conflict: the address is in use; io: it is none of this machine's, or no
  // right to it. The port is never shared with another process (no SO_REUSEPORT).
  static Result<Listener> tcp(const std::string& host, std::uint16_t port, int backlog);

  // Mode 0600 from its first moment. A socket that a dead process has left is replaced. conflict:
  // somebody listens there, or the path is no socket; invalid_input: the path is too long.
  static Result<Listener> unix_socket(const std::filesystem::path& path, int backlog);

  Listener(Listener&&) = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  int fd() const noexcept { return fd_.get(); }
  std::uint16_t port() const noexcept { return port_; }  // 0 for a unix socket
  bool is_unix() const noexcept { return !path_.empty(); }
  // Stops to listen: who connects from now on is refused.
  void close() noexcept;

 private:
  explicit Listener(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
  std::uint16_t port_ = 0;
  std::filesystem::path path_;
  dev_t device_ = 0;  // of the path, with inode_
  ino_t inode_ = 0;
};

// The address of who has connected, for people: an IPv4 one as such, even on an IPv6 socket.
std::string peer_name(const sockaddr_storage& address, socklen_t size);

}  // namespace longshore
