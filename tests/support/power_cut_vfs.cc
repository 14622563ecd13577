// SPDX-License-Identifier: Apache-2.0
#include "tests/support/power_cut_vfs.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace longshore::test {
namespace {

struct Write {
  std::size_t at;
  std::string bytes;  // for a truncation: empty, and `at` is the new size
  bool truncates;
};

struct Disk {
  std::string durable;
  bool exists = false;  // durable: a file that was never synced is not there
  std::vector<Write> pending;
};

std::mutex mutex;
std::map<std::string, Disk> disks;  // guarded by mutex; by path
std::function<void()> told;         // guarded by mutex
std::atomic<int> failure{0};

void sync_disk(Disk& disk) {
  for (const Write& write : disk.pending) {
    if (write.truncates) {
      disk.durable.resize(write.at);
      continue;
    }
    if (disk.durable.size() < write.at + write.bytes.size()) {
      disk.durable.resize(write.at + write.bytes.size());
    }
    std::copy(write.bytes.begin(), write.bytes.end(),
              disk.durable.begin() + static_cast<std::ptrdiff_t>(write.at));
  }
  disk.pending.clear();
  disk.exists = true;
}

sqlite3_vfs* base() {
  static sqlite3_vfs* const found = sqlite3_vfs_find(nullptr);
  return found;
}

// Our part, with the real file behind it in the same allocation.
struct File {
  sqlite3_file head;
  const char* path;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* ours(sqlite3_file* file) {
  return reinterpret_cast<File*>(file);
}

template <auto Member, class... Args>
int forward(sqlite3_file* file, Args... args) {
  sqlite3_file* real = ours(file)->real();
  return (real->pMethods->*Member)(real, args...);
}

int close_file(sqlite3_file* file) {
  return forward<&sqlite3_io_methods::xClose>(file);
}

int read_file(sqlite3_file* file, void* into, int size, sqlite3_int64 at) {
  return forward<&sqlite3_io_methods::xRead>(file, into, size, at);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  if (const int code = failure) return code;
  {
    const std::lock_guard lock(mutex);
    disks[ours(file)->path].pending.push_back(
        {static_cast<std::size_t>(at),
         std::string(static_cast<const char*>(from), static_cast<std::size_t>(size)), false});
  }
  return forward<&sqlite3_io_methods::xWrite>(file, from, size, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = failure) return code;
  {
    const std::lock_guard lock(mutex);
    disks[ours(file)->path].pending.push_back({static_cast<std::size_t>(size), {}, true});
  }
  return forward<&sqlite3_io_methods::xTruncate>(file, size);
}

int sync_file(sqlite3_file* file, int) {
  if (const int code = failure) return code;
  std::function<void()> call;
  {
    const std::lock_guard lock(mutex);
    sync_disk(disks[ours(file)->path]);
    call = told;
  }
  if (call) call();
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  return forward<&sqlite3_io_methods::xFileSize>(file, size);
}
int lock_file(sqlite3_file* file, int level) {
  return forward<&sqlite3_io_methods::xLock>(file, level);
}
int unlock_file(sqlite3_file* file, int level) {
  return forward<&sqlite3_io_methods::xUnlock>(file, level);
}
int check_lock(sqlite3_file* file, int* held) {
  return forward<&sqlite3_io_methods::xCheckReservedLock>(file, held);
}
int control(sqlite3_file* file, int what, void* argument) {
  return forward<&sqlite3_io_methods::xFileControl>(file, what, argument);
}
int sector_size(sqlite3_file* file) {
  return forward<&sqlite3_io_methods::xSectorSize>(file);
}
int characteristics(sqlite3_file* file) {
  return forward<&sqlite3_io_methods::xDeviceCharacteristics>(file);
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** at) {
  return forward<&sqlite3_io_methods::xShmMap>(file, page, size, extend, at);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return forward<&sqlite3_io_methods::xShmLock>(file, offset, count, flags);
}
void barrier(sqlite3_file* file) {
  sqlite3_file* real = ours(file)->real();
  real->pMethods->xShmBarrier(real);
}
int unmap_shared(sqlite3_file* file, int remove) {
  return forward<&sqlite3_io_methods::xShmUnmap>(file, remove);
}

// Version 2: without memory maps, whose writes nobody would see.
const sqlite3_io_methods kMethods = {
    2,         close_file,   read_file,       write_file,  truncate_file,
    sync_file, size_of_file, lock_file,       unlock_file, check_lock,
    control,   sector_size,  characteristics, map_shared,  lock_shared,
    barrier,   unmap_shared, nullptr,         nullptr};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  ours(file)->head.pMethods = nullptr;
  ours(file)->path = path;
  const int code = base()->xOpen(base(), path, ours(file)->real(), flags, out_flags);
  if (code == SQLITE_OK) ours(file)->head.pMethods = &kMethods;
  return code;
}

int delete_file(sqlite3_vfs*, const char* path, int sync_folder) {
  {
    const std::lock_guard lock(mutex);
    disks.erase(path);
  }
  return base()->xDelete(base(), path, sync_folder);
}

sqlite3_vfs& layer() {
  static sqlite3_vfs instance = [] {
    sqlite3_vfs made = *base();
    made.pNext = nullptr;
    made.zName = PowerCutVfs::name();
    made.szOsFile = static_cast<int>(sizeof(File)) + base()->szOsFile;
    made.xOpen = open_file;
    made.xDelete = delete_file;
    return made;
  }();
  return instance;
}

}  // namespace

PowerCutVfs::PowerCutVfs() {
  sqlite3_vfs_register(&layer(), 0);
}

PowerCutVfs::~PowerCutVfs() {
  sqlite3_vfs_unregister(&layer());
  failure = 0;
  const std::lock_guard lock(mutex);
  disks.clear();
  told = nullptr;
}

void PowerCutVfs::write_image(const std::filesystem::path& store,
                              const std::filesystem::path& folder) {
  const std::lock_guard lock(mutex);
  for (const char* suffix : {"", "-wal"}) {
    const auto at = disks.find(store.string() + suffix);
    if (at == disks.end() || !at->second.exists) continue;
    std::ofstream out(folder / (store.filename().string() + suffix), std::ios::binary);
    out << at->second.durable;
  }
}

void PowerCutVfs::on_sync(std::function<void()> call) {
  const std::lock_guard lock(mutex);
  told = std::move(call);
}

void PowerCutVfs::fail_with(int code) {
  failure = code;
}

}  // namespace longshore::test
