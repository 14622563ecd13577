// SPDX-License-Identifier: Apache-2.0
#include "sinks/file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace longshore {
namespace {

std::int64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Errc code_for(int code) {
  switch (code) {
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::unauthorized;
    case ENOENT:
    case ENOTDIR:
      return Errc::not_found;
    case ELOOP:
    case EXDEV:
    case EINVAL:
    case ENXIO:
    case ENAMETOOLONG:
      return Errc::unsupported;
    default:
      return Errc::io;
  }
}

// Reads to the end, whatever the size was said to be.
Result<std::string> read_all(const Fd& file, std::string_view shown, std::size_t max_bytes) {
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + 65'536);
    const ssize_t got = read(file.get(), bytes.data() + before, 65'536);
    if (got < 0 && errno != EINTR) return system_error("read '" + std::string(shown) + "'", errno);
    bytes.resize(before + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got == 0) return bytes;
    if (bytes.size() > max_bytes) {
      return Error{Errc::unsupported, "'" + std::string(shown) + "' is larger than " +
                                          std::to_string(max_bytes) + " bytes"};
    }
  }
}

}  // namespace

FileSignature FileSignature::of(const struct stat& status) noexcept {
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_ctim),
          nanoseconds(status.st_mtim)};
}

Error system_error(std::string_view what, int code) {
  return Error{code_for(code),
               "cannot " + std::string(what) + ": " + std::generic_category().message(code)};
}

Result<FileContent> read_open_file(const Fd& file, std::string_view shown, std::size_t max_bytes) {
  FileContent content;
  if (fstat(file.get(), &content.status) != 0) {
    return system_error("look at '" + std::string(shown) + "'", errno);
  }
  if (!S_ISREG(content.status.st_mode)) {
    return Error{Errc::unsupported, "'" + std::string(shown) + "' is no regular file"};
  }
  auto bytes = read_all(file, shown, max_bytes);
  if (!bytes) return std::move(bytes).error();
  content.bytes = *std::move(bytes);
  return content;
}

Result<FileContent> read_whole_file(const std::filesystem::path& path, std::size_t max_bytes) {
  // Without O_NONBLOCK a fifo would hold us until somebody writes to it.
  const Fd file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) return system_error("open '" + path.string() + "'", errno);
  return read_open_file(file, path.string(), max_bytes);
}

}  // namespace longshore
