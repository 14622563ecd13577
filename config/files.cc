// SPDX-License-Identifier: Apache-2.0
#include "config/files.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace longshore {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

Error fault(int code) {
  if (code == ENOENT || code == ENOTDIR) return {Errc::not_found, "does not exist"};
  if (code == EACCES) return {Errc::io, "may not be read by this user"};
  return {Errc::io, std::string("cannot be read (") + std::strerror(code) + ")"};
}

}  // namespace

Result<std::string> read_regular_file(const std::filesystem::path& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return fault(errno);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return fault(errno);
  if (S_ISDIR(facts.st_mode)) return Error{Errc::io, "is a folder"};
  if (!S_ISREG(facts.st_mode)) return Error{Errc::io, "is not a regular file"};
  std::string content;
  char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fault(errno);
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > most) {
      return Error{Errc::io, "is larger than " + std::to_string(most) + " bytes"};
    }
  }
}

std::filesystem::path below(const std::filesystem::path& folder,
                            const std::filesystem::path& path) {
  std::filesystem::path clean;
  for (const auto& part : folder / path) {
    if (part != ".") clean /= part;
  }
  return clean;
}

}  // namespace longshore
