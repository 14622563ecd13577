// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/event_row.h"
#include "bench/http_loop.h"

struct sqlite3;
struct sqlite3_stmt;

namespace longshore::bench {

struct WaitingRow {
  HttpLoop::Ticket ticket;
  EventRow row;
};

// Commits rows with one thread into one SQLite file: WAL, synchronous=FULL, what came during the
// last commit is the next one (at most 512 rows), passive checkpoints of its own. Any fault of the
// store ends the program.
//
// Threads: put() and take_committed() are the loop's; `committed` is called by the writer's thread.
class RowWriter {
 public:
  RowWriter(const std::string& path, Rows rows, std::function<void()> committed);
  // Commits what was put, then ends.
  ~RowWriter();
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  // Takes all rows; leaves the vector empty, with room for the next.
  void put(std::vector<WaitingRow>& rows);
  // Whose rows are durable since the last call.
  void take_committed(std::vector<HttpLoop::Ticket>& tickets);

 private:
  void open(const std::string& path, Rows rows);
  void work();
  void commit(const WaitingRow* first, const WaitingRow* last);
  void publish(const WaitingRow* first, const WaitingRow* last);
  void checkpoint_if_large();

  std::function<void()> committed_;  // constant after construction
  sqlite3* db_ = nullptr;            // writer thread only, as what follows
  std::unique_ptr<EventTables> tables_;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* end_ = nullptr;
  int wal_pages_ = 0;

  std::mutex mutex_;  // guards what follows
  std::condition_variable arrived_;
  std::vector<WaitingRow> waiting_;
  std::vector<HttpLoop::Ticket> durable_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace longshore::bench
