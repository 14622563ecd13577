// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "pipeline/result.h"

namespace longshore {

// The right of one process to a store: an flock(2) on "<store>.lock", which holds the holder's
// process id as text. The kernel drops it with the process, however that ends; the file stays.
class StoreLock {
 public:
  // busy: another process has it, the message names it. unsupported: the folder is on a network
  // file system, where neither locks nor SQLite's shared memory can be relied upon. io: the folder
  // cannot be written to.
  static Result<StoreLock> take(const std::filesystem::path& store);

  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;
  ~StoreLock();

 private:
  explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace longshore
