// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

namespace longshore::test {

// A SQLite file layer that knows what a disk would still have after a power cut: of each file, what
// was written before its last xSync, and nothing that came later. A kill -9 cannot show that: the
// kernel keeps what a dead process wrote.
//
// It works on the ordinary files through SQLite's own layer and keeps the durable image of each
// beside it, in memory. One at a time; the name to give to StoreOptions::vfs is name().
class PowerCutVfs {
 public:
  PowerCutVfs();   // registers
  ~PowerCutVfs();  // every connection has to be closed
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;

  static const char* name() { return "power-cut"; }

  // Writes what would be left of the files of `store` (and of its log) into another folder.
  // Threads: safe from every thread; a moment between two calls of SQLite.
  static void write_image(const std::filesystem::path& store, const std::filesystem::path& folder);

  // Called after each sync of any file, on the thread that synced; empty: nobody is told.
  static void on_sync(std::function<void()> call);

  // From now on writes and syncs fail with this SQLite code (SQLITE_IOERR, SQLITE_FULL); 0: none.
  static void fail_with(int code);
};

}  // namespace longshore::test
