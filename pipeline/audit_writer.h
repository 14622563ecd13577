// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "pipeline/audit_file.h"
#include "pipeline/journal.h"
#include "pipeline/store_reader.h"

namespace longshore {

// Brings the committed audit lines from the store into the file that people read.
//
// The store's rows are the truth. A row is removed only after its line is synced in the file, so
// whatever dies in between, the next start finds the last line of the file among the rows and goes
// on behind it. A file that does not end in a line that we know was cut or replaced: the rows that
// are kept are appended, the log says so, and `longshore audit verify` will name the gap.
// When the disk refuses, the rows wait and the writer tries again each second.
//
// Threads: one of its own; wake() is safe from every thread.
class AuditWriter {
 public:
  // Appends what is missing before it returns. io: neither file nor store can be read.
  static Result<std::unique_ptr<AuditWriter>> start(AuditFile file, StoreReader reader,
                                                    Journal& journal);
  AuditWriter(AuditFile file, StoreReader reader, Journal& journal, std::uint64_t written);
  ~AuditWriter();  // stop()

  void wake();
  // Writes what is committed by now, syncs, ends the thread.
  void stop();
  // Why lines are not written at present; empty when they are.
  std::string problem() const;

 private:
  void loop();
  Status copy_new_lines();
  Status sync_and_forget();
  void note(const Status& status);

  AuditFile file_;         // own thread only
  StoreReader reader_;     // own thread only
  std::uint64_t written_;  // own thread only; number of the last line in the file
  std::uint64_t synced_;   // own thread only; number of the last line that is safe there
  Journal& journal_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;     // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::string problem_;    // guarded by mutex_
  std::thread thread_;
};

}  // namespace longshore
