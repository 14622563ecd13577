// SPDX-License-Identifier: Apache-2.0
#include "bench/event_row.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sqlite3.h>

namespace longshore::bench {
namespace {

// Of a push to Docker Hub: source "hub", type "dockerhub", repository "docker.io/acme/app-0042",
// tag "1.4.00000042", media type "application/vnd.docker.container.image.v1+json", actor "acmeci".
// What such a push does not tell is NULL.
constexpr std::array<int, 6> kTextSizes{3, 9, 23, 12, 46, 6};
constexpr std::size_t kAllTexts = 3 + 9 + 23 + 12 + 46 + 6;
constexpr int kKeySize = 16;
constexpr std::size_t kReceivedLine = 320;  // bytes of an audit line, with its `prev`
constexpr std::size_t kDecidedLine = 360;

constexpr const char* kTables =
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, id BLOB NOT NULL, received_at INTEGER NOT NULL, "
    "source TEXT NOT NULL, source_type TEXT NOT NULL, kind INTEGER NOT NULL, "
    "repository TEXT NOT NULL, tag TEXT, digest TEXT, media_type TEXT, actor TEXT, "
    "occurred_at INTEGER, delivery_key BLOB, delivery_id TEXT, not_actionable TEXT, "
    "verify INTEGER NOT NULL, state INTEGER NOT NULL, decided_by BLOB);"
    "CREATE TABLE history(repository TEXT NOT NULL, tag TEXT NOT NULL, seq INTEGER NOT NULL, "
    "digest TEXT, since INTEGER NOT NULL, until INTEGER, source TEXT NOT NULL, "
    "event BLOB NOT NULL, last_seq INTEGER NOT NULL, occurred_at INTEGER, "
    "verify INTEGER NOT NULL, verified INTEGER NOT NULL, "
    "PRIMARY KEY(repository, tag, seq)) WITHOUT ROWID;"
    "CREATE TABLE audit(number INTEGER PRIMARY KEY, line TEXT NOT NULL);";
constexpr const char* kInsertEvent =
    "INSERT INTO events VALUES(?1,?2,?3,?4,?5,1,?6,?7,NULL,?8,?9,?3,?10,NULL,NULL,0,1,?2)";
constexpr const char* kInsertHistory =
    "INSERT OR REPLACE INTO history VALUES(?1,?2,?3,NULL,?4,NULL,?5,?6,?3,?4,0,0)";
constexpr const char* kInsertAudit = "INSERT INTO audit VALUES(?1, ?2)";

sqlite3_stmt* prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  check_sqlite(db, sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), sql);
  return statement;
}

void bind(sqlite3_stmt* statement, int index, const char* text, int size) {
  sqlite3_bind_text(statement, index, text, size, SQLITE_STATIC);
}

}  // namespace

void check_sqlite(sqlite3* db, int code, std::string_view what) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  std::fprintf(stderr, "error: %.*s: %s\n", static_cast<int>(what.size()), what.data(),
               sqlite3_errmsg(db));
  std::exit(1);
}

EventRow EventRow::of(std::uint64_t seq, std::string_view body) {
  EventRow row;
  row.seq = seq;
  std::memcpy(row.id.data(), &seq, sizeof seq);
  row.received_at = std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
  row.texts.assign(std::max({kAllTexts, kReceivedLine, kDecidedLine}), '-');
  std::copy_n(body.data(), std::min(body.size(), row.texts.size()), row.texts.begin());
  return row;
}

EventTables::EventTables(sqlite3* db, Rows rows) : db_(db), rows_(rows) {
  check_sqlite(db_, sqlite3_exec(db_, kTables, nullptr, nullptr, nullptr), "create tables");
  insert_event_ = prepare(db_, kInsertEvent);
  insert_history_ = prepare(db_, kInsertHistory);
  insert_audit_ = prepare(db_, kInsertAudit);
}

EventTables::~EventTables() {
  for (sqlite3_stmt* statement : {insert_event_, insert_history_, insert_audit_}) {
    sqlite3_finalize(statement);
  }
}

void EventTables::write(const EventRow& row) {
  write_event(row);
  if (rows_ == Rows::event) return;
  const std::string_view texts = row.texts;
  write_audit(2 * row.seq, texts.substr(0, kReceivedLine));
  write_audit(2 * row.seq + 1, texts.substr(0, kDecidedLine));
  write_history(row);
}

void EventTables::write_event(const EventRow& row) {
  sqlite3_bind_int64(insert_event_, 1, static_cast<sqlite3_int64>(row.seq));
  sqlite3_bind_blob(insert_event_, 2, row.id.data(), static_cast<int>(row.id.size()),
                    SQLITE_STATIC);
  sqlite3_bind_int64(insert_event_, 3, row.received_at);
  int index = 4;
  const char* text = row.texts.data();
  for (const int size : kTextSizes) {
    bind(insert_event_, index++, text, size);
    text += size;
  }
  sqlite3_bind_blob(insert_event_, index, row.texts.data(), kKeySize, SQLITE_STATIC);
  check_sqlite(db_, sqlite3_step(insert_event_), "insert into events");
  sqlite3_reset(insert_event_);
}

void EventTables::write_history(const EventRow& row) {
  // A thousand repositories, and in each a tag that was never there: as the load has them.
  const std::string repository = "docker.io/acme/app-" + std::to_string(1000 + row.seq % 1000);
  const std::string tag = "1.4." + std::to_string(10'000'000 + row.seq);
  bind(insert_history_, 1, repository.data(), static_cast<int>(repository.size()));
  bind(insert_history_, 2, tag.data(), static_cast<int>(tag.size()));
  sqlite3_bind_int64(insert_history_, 3, static_cast<sqlite3_int64>(row.seq));
  sqlite3_bind_int64(insert_history_, 4, row.received_at);
  bind(insert_history_, 5, row.texts.data(), kTextSizes[0]);
  sqlite3_bind_blob(insert_history_, 6, row.id.data(), static_cast<int>(row.id.size()),
                    SQLITE_STATIC);
  check_sqlite(db_, sqlite3_step(insert_history_), "insert into history");
  sqlite3_reset(insert_history_);
}

void EventTables::write_audit(std::uint64_t number, std::string_view line) {
  sqlite3_bind_int64(insert_audit_, 1, static_cast<sqlite3_int64>(number));
  bind(insert_audit_, 2, line.data(), static_cast<int>(line.size()));
  check_sqlite(db_, sqlite3_step(insert_audit_), "insert into audit");
  sqlite3_reset(insert_audit_);
}

}  // namespace longshore::bench
