// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/options.h"
#include "pipeline/store_lock.h"
#include "pipeline/store_writer.h"

namespace longshore {

// A store that is ours: locked, of the newest schema, ready to be written.
struct Store {
  StoreLock lock;
  StoreWriter writer;
};

// Opens or creates the store: takes the lock, migrates, and sets what the promise "on the disk"
// rests on: a write-ahead log that is synced with each commit, checkpoints only where the writer
// makes them (SQLite before 3.51.3 can damage a log that two connections restart at once,
// sqlite.org/wal.html "The WAL-Reset Bug"), no memory map.
// Errors as StoreLock::take() and migrate(); io where the file is no database or cannot be written.
Result<Store> open_store(const StoreOptions& options);

}  // namespace longshore
