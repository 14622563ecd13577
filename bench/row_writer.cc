// SPDX-License-Identifier: Apache-2.0
#include "bench/row_writer.h"

#include <algorithm>
#include <utility>

#include <sqlite3.h>

namespace longshore::bench {
namespace {

constexpr std::ptrdiff_t kRowsPerCommit = 512;
constexpr int kPagesBeforeCheckpoint = 4096;

}  // namespace

RowWriter::RowWriter(const std::string& path, Rows rows, std::function<void()> committed)
    : committed_(std::move(committed)) {
  open(path, rows);
  thread_ = std::thread([this] { work(); });
}

RowWriter::~RowWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
  for (sqlite3_stmt* statement : {begin_, end_})
    sqlite3_finalize(statement);
  sqlite3_close(db_);
}

void RowWriter::open(const std::string& path, Rows rows) {
  const int opened = sqlite3_open(path.c_str(), &db_);
  check_sqlite(db_, opened, path);
  check_sqlite(db_,
               sqlite3_exec(db_,
                            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_autocheckpoint=0",
                            nullptr, nullptr, nullptr),
               "pragma");
  tables_ = std::make_unique<EventTables>(db_, rows);
  check_sqlite(db_, sqlite3_prepare_v2(db_, "BEGIN IMMEDIATE", -1, &begin_, nullptr),
               "prepare begin");
  check_sqlite(db_, sqlite3_prepare_v2(db_, "COMMIT", -1, &end_, nullptr), "prepare commit");
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<RowWriter*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

void RowWriter::put(std::vector<WaitingRow>& rows) {
  if (rows.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    waiting_.insert(waiting_.end(), std::make_move_iterator(rows.begin()),
                    std::make_move_iterator(rows.end()));
  }
  rows.clear();
  arrived_.notify_one();
}

void RowWriter::take_committed(std::vector<HttpLoop::Ticket>& tickets) {
  tickets.clear();
  const std::lock_guard lock(mutex_);
  tickets.swap(durable_);
}

void RowWriter::work() {
  std::vector<WaitingRow> batch;
  while (true) {
    batch.clear();
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      batch.swap(waiting_);
    }
    const WaitingRow* const end = batch.data() + batch.size();
    for (const WaitingRow* first = batch.data(); first != end;) {
      const WaitingRow* const last = first + std::min(kRowsPerCommit, end - first);
      commit(first, last);
      publish(first, last);
      first = last;
    }
    checkpoint_if_large();
  }
}

void RowWriter::commit(const WaitingRow* first, const WaitingRow* last) {
  check_sqlite(db_, sqlite3_step(begin_), "begin");
  sqlite3_reset(begin_);
  for (const WaitingRow* waiting = first; waiting != last; ++waiting) {
    tables_->write(waiting->row);
  }
  check_sqlite(db_, sqlite3_step(end_), "commit");
  sqlite3_reset(end_);
}

void RowWriter::publish(const WaitingRow* first, const WaitingRow* last) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = durable_.empty();
    for (const WaitingRow* waiting = first; waiting != last; ++waiting) {
      durable_.push_back(waiting->ticket);
    }
  }
  if (was_empty) committed_();
}

void RowWriter::checkpoint_if_large() {
  if (wal_pages_ < kPagesBeforeCheckpoint) return;
  check_sqlite(db_,
               sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr),
               "checkpoint");
  wal_pages_ = 0;
}

}  // namespace longshore::bench
