// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/walk.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "pipeline/glob.h"
#include "sinks/files/replace.h"

namespace longshore {
namespace {

bool any_match(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [path](const std::string& pattern) { return glob_match(pattern, path); });
}

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

class Walker {
 public:
  Walker(const Fd& root, const FilesTargetOptions& options) : root_(root), options_(options) {}

  // A folder that cannot be read is a problem; the others go on.
  void list(const std::string& path) {
    auto folder = open_folder(root_, path);
    if (!folder) return fail(folder.error());
    const int copy = fcntl(folder->get(), F_DUPFD_CLOEXEC, 0);
    const std::unique_ptr<DIR, CloseDir> dir(copy < 0 ? nullptr : fdopendir(copy));
    if (!dir) {
      if (copy >= 0) close(copy);
      return fail(system_error("list the folder '" + path + "'", errno));
    }
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(dir.get());
      if (entry == nullptr) break;
      look_at(*folder, path, entry->d_name);
    }
    if (errno != 0) fail(system_error("list the folder '" + path + "'", errno));
  }

  std::vector<std::string> pending{""};
  Walk found;

 private:
  void look_at(const Fd& folder, const std::string& path, const std::string& name) {
    const std::string below = path.empty() ? name : path + "/" + name;
    if (name.starts_with('.')) {
      if (is_leftover(name)) found.leftovers.push_back(below);
      return;
    }
    struct stat status {};
    // What vanished meanwhile is not there.
    if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISDIR(status.st_mode)) {
      pending.push_back(below);
      return;
    }
    if (!any_match(options_.include, below) || any_match(options_.exclude, below)) return;
    if (S_ISREG(status.st_mode)) {
      found.files.push_back({below, FileSignature::of(status)});
    } else if (S_ISLNK(status.st_mode)) {
      found.problems.push_back(below + ": is a symbolic link, which is not followed");
    }
  }

  void fail(const Error& error) {
    if (error.code != Errc::not_found) found.problems.push_back(error.message);
  }

  const Fd& root_;
  const FilesTargetOptions& options_;
};

}  // namespace

Result<Walk> walk_folder(const Fd& root, const FilesTargetOptions& options,
                         const std::function<void(const std::string&)>& enter) {
  struct stat status {};
  if (fstat(root.get(), &status) != 0) return system_error("look at the folder", errno);
  if (status.st_nlink == 0) return Error{Errc::not_found, "the folder was removed"};
  Walker walker(root, options);
  while (!walker.pending.empty()) {
    const std::string path = std::move(walker.pending.back());
    walker.pending.pop_back();
    enter(path);
    walker.list(path);
  }
  std::sort(walker.found.files.begin(), walker.found.files.end(),
            [](const WalkedFile& a, const WalkedFile& b) { return a.path < b.path; });
  return std::move(walker.found);
}

}  // namespace longshore
