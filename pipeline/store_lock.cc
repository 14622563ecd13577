// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store_lock.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace longshore {
namespace {

// From statfs(2); the ones that linux/magic.h lacks by number.
constexpr std::array<unsigned long, 6> kNetworkFileSystems = {
    NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC, 0xff534d42 /* CIFS */,
    0xfe534d42 /* SMB2 */, AFS_SUPER_MAGIC, CODA_SUPER_MAGIC};

std::string read_holder(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  if (size <= 0) return "unknown";
  std::string holder(text.data(), static_cast<std::size_t>(size));
  return holder.substr(0, holder.find('\n'));
}

Error io_error(const std::filesystem::path& file, const char* what) {
  return Error{Errc::io, "store: cannot " + std::string(what) + " " + file.string() + ": " +
                             std::strerror(errno) + ": give longshore a folder that it may write"};
}

}  // namespace

Result<StoreLock> StoreLock::take(const std::filesystem::path& store) {
  std::filesystem::path file = store;
  file += ".lock";
  StoreLock lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.descriptor_ < 0) return io_error(file, "open");
  struct statfs info {};
  if (fstatfs(lock.descriptor_, &info) != 0) return io_error(file, "examine");
  for (const unsigned long magic : kNetworkFileSystems) {
    if (static_cast<unsigned long>(info.f_type) != magic) continue;
    return Error{Errc::unsupported, "store: " + store.string() +
                                        " is on a network file system, which can lose what was "
                                        "acknowledged: put it on a local disk"};
  }
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error(file, "lock");
    return Error{Errc::busy, "store: " + store.string() + " is in use by process " +
                                 read_holder(lock.descriptor_) +
                                 ": stop that one, or give this one a store of its own"};
  }
  const std::string holder = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.descriptor_, 0) != 0 || pwrite(lock.descriptor_, holder.data(), holder.size(),
                                                    0) != static_cast<ssize_t>(holder.size())) {
    return io_error(file, "write");
  }
  return lock;
}

StoreLock::StoreLock(StoreLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

StoreLock& StoreLock::operator=(StoreLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

StoreLock::~StoreLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace longshore
