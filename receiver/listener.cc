// SPDX-License-Identifier: Apache-2.0
#include "receiver/listener.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace longshore {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string describe(int error) {
  return std::generic_category().message(error);
}

Result<Addresses> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int rc = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (rc == 0) return Addresses(list);
  return Error{Errc::io, "cannot listen on " + host + ": " + gai_strerror(rc)};
}

Error cannot_listen(const std::string& where, int error) {
  if (error == EADDRINUSE) {
    return {Errc::conflict, "cannot listen on " + where +
                                ": the address is in use by another program; stop it, or change "
                                "`listen`"};
  }
  return {Errc::io, "cannot listen on " + where + ": " + describe(error)};
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

Fd make_socket(int family) {
  return Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// True if a process listens at the address.
bool is_alive(const sockaddr_un& address) {
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int rc =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return rc == 0 || errno == EAGAIN;  // EAGAIN: alive, and its backlog is full
}

// Makes room for a socket at the path, but only where nothing living is lost.
Status clear_path(const std::string& path, const sockaddr_un& address) {
  struct stat entry {};
  if (::lstat(path.c_str(), &entry) != 0) return Done{};
  if (!S_ISSOCK(entry.st_mode)) {
    return Error{Errc::conflict, path + " is in the way: it is no socket"};
  }
  if (is_alive(address)) {
    return Error{Errc::conflict, path + ": another process listens there; stop it first"};
  }
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Done{};
  return Error{Errc::io, "cannot remove " + path + ": " + describe(errno)};
}

}  // namespace

Result<Listener> Listener::tcp(const std::string& host, std::uint16_t port, int backlog) {
  auto addresses = look_up(host, port);
  if (!addresses) return std::move(addresses).error();
  const std::string where = host + ":" + std::to_string(port);
  int error = 0;
  for (const addrinfo* item = addresses->get(); item != nullptr; item = item->ai_next) {
    Fd fd = make_socket(item->ai_family);
    const int on = 1;
    // So that a restart need not wait for the connections of the last run to be forgotten.
    if (fd.get() >= 0 && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        ::bind(fd.get(), item->ai_addr, item->ai_addrlen) == 0 &&
        ::listen(fd.get(), backlog) == 0) {
      Listener listener(std::move(fd));
      listener.port_ = port_of(listener.fd());
      return listener;
    }
    error = errno;
  }
  return cannot_listen(where, error);
}

Result<Listener> Listener::unix_socket(const std::filesystem::path& path, int backlog) {
  sockaddr_un address{};
  const std::string text = path.string();
  if (text.empty() || text.size() >= sizeof address.sun_path) {
    return Error{Errc::invalid_input, "the path of a unix socket has 1 to 107 bytes: " + text};
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, text.data(), text.size());
  if (auto clear = clear_path(text, address); !clear) return std::move(clear).error();

  Fd fd = make_socket(AF_UNIX);
  // On Linux the path gets the mode that the socket has when it is bound, so there is no moment at
  // which others can connect, and the process's umask (which every thread shares) stays as it is.
  struct stat entry {};
  if (fd.get() < 0 || ::fchmod(fd.get(), 0600) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(text.c_str(), 0600) != 0 || ::lstat(text.c_str(), &entry) != 0 ||
      ::listen(fd.get(), backlog) != 0) {
    return cannot_listen(text, errno);
  }
  Listener listener(std::move(fd));
  listener.path_ = path;
  listener.device_ = entry.st_dev;
  listener.inode_ = entry.st_ino;
  return listener;
}

Listener::~Listener() {
  close();
}

void Listener::close() noexcept {
  struct stat entry {};
  if (fd_.get() >= 0 && is_unix() && ::lstat(path_.c_str(), &entry) == 0 &&
      entry.st_dev == device_ && entry.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  fd_.reset();
}

std::string peer_name(const sockaddr_storage& address, socklen_t size) {
  constexpr std::string_view kMapped = "::ffff:";  // before the address of an IPv4 client
  if (address.ss_family == AF_UNIX) return "unix";
  char host[NI_MAXHOST] = {};
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof host, nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return "unknown";
  }
  const std::string_view text(host);
  return std::string(text.starts_with(kMapped) ? text.substr(kMapped.size()) : text);
}

}  // namespace longshore
