// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/replace.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace longshore {
namespace {

constexpr std::string_view kPrefix = ".longshore-";
constexpr std::string_view kSuffix = ".tmp";
constexpr std::size_t kDigits = 16;

std::string temporary_name() {
  std::random_device random;
  std::string name(kPrefix);
  for (std::size_t i = 0; i < kDigits; ++i)
    name += "0123456789abcdef"[random() & 15U];
  return name.append(kSuffix);
}

Status write_all(const Fd& file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_error("write the new '" + name + "'", errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Done{};
}

// Access lists and the like. Labels of the security modules are theirs to give.
Status copy_extended(int from, int to, const std::string& file) {
  std::array<char, 65'536> names{};
  const ssize_t size = flistxattr(from, names.data(), names.size());
  if (size <= 0) return Done{};  // none, or a file system without them
  std::string_view rest(names.data(), static_cast<std::size_t>(size));
  std::array<char, 65'536> value{};
  while (!rest.empty()) {
    const std::string name(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(name.size() + 1);
    if (name.starts_with("security.")) continue;
    const ssize_t length = fgetxattr(from, name.c_str(), value.data(), value.size());
    if (length < 0) return system_error("read the attribute " + name + " of '" + file + "'", errno);
    if (fsetxattr(to, name.c_str(), value.data(), static_cast<std::size_t>(length), 0) != 0) {
      return system_error("keep the attribute " + name + " of '" + file + "'", errno);
    }
  }
  return Done{};
}

}  // namespace

bool is_leftover(std::string_view name) noexcept {
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size()) return false;
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  const std::string_view digits = name.substr(kPrefix.size(), kDigits);
  return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<FileReplacement> FileReplacement::prepare(Fd folder, std::string name, FileContent original,
                                                 std::string_view bytes) {
  if (original.status.st_nlink > 1) {
    return Error{Errc::unsupported, "'" + name +
                                        "' has several hard links: replacing it would leave the "
                                        "others behind"};
  }
  FileReplacement replacement(std::move(folder), std::move(name), std::move(original));
  if (auto written = replacement.write(bytes); !written) return std::move(written).error();
  return replacement;
}

Status FileReplacement::write(std::string_view bytes) {
  std::string temporary = temporary_name();
  file_ = Fd(openat(folder_.get(), temporary.c_str(),
                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) return system_error("create a file in the folder of '" + name_ + "'", errno);
  temporary_ = std::move(temporary);
  if (auto written = write_all(file_, bytes, name_); !written) return written;
  if (auto copied = copy_attributes(); !copied) return copied;
  if (fsync(file_.get()) != 0) return system_error("sync the new '" + name_ + "'", errno);
  return Done{};
}

Status FileReplacement::copy_attributes() {
  const struct stat& want = original_.status;
  struct stat have {};
  if (fstat(file_.get(), &have) != 0) return system_error("look at the new '" + name_ + "'", errno);
  if ((have.st_uid != want.st_uid || have.st_gid != want.st_gid) &&
      fchown(file_.get(), want.st_uid, want.st_gid) != 0) {
    return system_error("keep the owner of '" + name_ + "'", errno);
  }
  const Fd original(openat(folder_.get(), name_.c_str(),
                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (original) {
    auto copied = copy_extended(original.get(), file_.get(), name_);
    if (!copied) return copied;
  }
  // After the owner, since a change of owner takes bits away.
  if (fchmod(file_.get(), want.st_mode & 07777U) != 0) {
    return system_error("keep the mode of '" + name_ + "'", errno);
  }
  return Done{};
}

Status FileReplacement::check_unchanged() const {
  const Error changed{Errc::conflict, "'" + name_ + "' was changed by somebody else meanwhile"};
  const auto now = read_file(folder_, name_, name_, original_.bytes.size());
  if (!now) return now.error().code == Errc::io ? now.error() : changed;
  const bool same = FileSignature::of(now->status) == FileSignature::of(original_.status) &&
                    now->bytes == original_.bytes;
  if (!same) return changed;
  return Done{};
}

Result<FileSignature> FileReplacement::commit() {
  if (auto unchanged = check_unchanged(); !unchanged) return std::move(unchanged).error();
  if (renameat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str()) != 0) {
    return system_error("put the new '" + name_ + "' in place", errno);
  }
  temporary_.clear();
  if (fsync(folder_.get()) != 0) return system_error("sync the folder of '" + name_ + "'", errno);
  struct stat status {};
  if (fstat(file_.get(), &status) != 0) return system_error("look at '" + name_ + "'", errno);
  return FileSignature::of(status);
}

FileReplacement::~FileReplacement() {
  if (!temporary_.empty() && folder_) unlinkat(folder_.get(), temporary_.c_str(), 0);
}

}  // namespace longshore
