// SPDX-License-Identifier: Apache-2.0
#include "bench/event_row.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include <sqlite3.h>

namespace longshore::bench {
namespace {

// Of a push to Docker Hub: source "hub", type "dockerhub", repository "docker.io/acme/app-0042",
// tag "1.4.000000042", actor "acmeci". What such a push does not tell is NULL.
constexpr std::array<std::size_t, 5> kTextSizes{3, 9, 23, 13, 6};
constexpr std::size_t kAllTexts = 3 + 9 + 23 + 13 + 6;
constexpr std::size_t kKeySize = 16;

}  // namespace

const char* const kCreateEvents =
    "CREATE TABLE IF NOT EXISTS events(seq INTEGER PRIMARY KEY, id BLOB NOT NULL, "
    "source TEXT NOT NULL, source_type TEXT NOT NULL, repository TEXT NOT NULL, tag TEXT, "
    "actor TEXT, kind INTEGER NOT NULL, occurred_at INTEGER, received_at INTEGER NOT NULL, "
    "key BLOB, digest TEXT, media_type TEXT, delivery_id TEXT, not_actionable TEXT, "
    "verify INTEGER NOT NULL)";
const char* const kInsertEvent =
    "INSERT INTO events(seq, id, source, source_type, repository, tag, actor, kind, occurred_at, "
    "received_at, key, verify) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, 0)";

EventRow EventRow::of(std::uint64_t seq, std::string_view body) {
  EventRow row;
  row.seq = seq;
  std::memcpy(row.id.data(), &seq, sizeof seq);
  row.received_at = std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
  row.texts.assign(kAllTexts, '-');
  std::copy_n(body.data(), std::min(body.size(), kAllTexts), row.texts.begin());
  return row;
}

void bind_row(sqlite3_stmt* statement, const EventRow& row) {
  sqlite3_bind_int64(statement, 1, static_cast<sqlite3_int64>(row.seq));
  sqlite3_bind_blob(statement, 2, row.id.data(), static_cast<int>(row.id.size()), SQLITE_STATIC);
  int column = 3;
  const char* text = row.texts.data();
  for (const std::size_t size : kTextSizes) {
    sqlite3_bind_text(statement, column++, text, static_cast<int>(size), SQLITE_STATIC);
    text += size;
  }
  sqlite3_bind_int64(statement, column++, row.received_at);
  sqlite3_bind_int64(statement, column++, row.received_at);
  sqlite3_bind_blob(statement, column, row.texts.data(), static_cast<int>(kKeySize), SQLITE_STATIC);
}

}  // namespace longshore::bench
