// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/folder.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace longshore {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

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

Error not_below(std::string_view path) {
  return Error{Errc::unsupported, "'" + std::string(path) +
                                      "' leads through a symbolic link or out of the folder, "
                                      "neither of which is followed"};
}

int open_by_kernel(int root, const std::string& path) {
  open_how how{};
  how.flags = kFolderFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)));
}

// With O_DIRECTORY a link is ENOTDIR: tell it from what is merely no folder.
Error step_error(const Fd& at, const std::string& name, std::string_view path, int code) {
  struct stat status {};
  if ((code == ENOTDIR || code == ELOOP) &&
      fstatat(at.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISLNK(status.st_mode)) {
    return not_below(path);
  }
  return system_error("open the folder '" + std::string(path) + "'", code);
}

Result<Fd> open_by_component(const Fd& root, std::string_view path) {
  Fd at(openat(root.get(), ".", kFolderFlags));
  if (!at) return system_error("open the folder", errno);
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (name.empty() || name == "..") return not_below(path);
    if (name == ".") continue;
    Fd next(openat(at.get(), name.c_str(), kFolderFlags | O_NOFOLLOW));
    if (!next) return step_error(at, name, path, errno);
    at = std::move(next);
  }
  return at;
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

std::pair<std::string_view, std::string_view> split_path(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Result<Fd> open_root(const std::filesystem::path& folder) {
  Fd root(open(folder.c_str(), kFolderFlags));
  if (!root) return system_error("open the folder '" + folder.string() + "'", errno);
  return root;
}

Result<Fd> open_folder(const Fd& root, std::string_view path, PathWalk walk) {
  if (walk == PathWalk::by_component || path.empty()) return open_by_component(root, path);
  Fd folder(open_by_kernel(root.get(), std::string(path)));
  if (folder) return folder;
  const int code = errno;
  if (code == ELOOP || code == EXDEV) return not_below(path);
  // EAGAIN: something was renamed meanwhile and the kernel could not be sure.
  if (code == ENOSYS || code == EPERM || code == EAGAIN) return open_by_component(root, path);
  return system_error("open the folder '" + std::string(path) + "'", code);
}

Result<FileContent> read_file(const Fd& folder, const std::string& name, std::string_view shown,
                              std::size_t max_bytes) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return not_below(shown);
  }
  // Without O_NONBLOCK a fifo would hold us until somebody writes to it.
  const Fd file(openat(folder.get(), name.c_str(),
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) {
    const int code = errno;
    return code == ELOOP ? not_below(shown)
                         : system_error("open '" + std::string(shown) + "'", code);
  }
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

}  // namespace longshore
