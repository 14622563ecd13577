// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/folder.h"

#include <cerrno>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace longshore {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

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

}  // namespace

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
  return read_open_file(file, shown, max_bytes);
}

}  // namespace longshore
