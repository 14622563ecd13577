// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace longshore::bench {

// What the product's store keeps of one event, made without looking into the body: the texts are
// slices of it, as long as those of a Docker Hub push are. This is the only place of the benchmarks
// that knows the tables; it has to follow pipeline/schema.cc.
struct EventRow {
  std::uint64_t seq = 0;
  std::array<char, 16> id{};
  std::int64_t received_at = 0;  // microseconds
  std::string texts;             // all text columns, one after the other

  static EventRow of(std::uint64_t seq, std::string_view body);
};

// How much of it is written.
enum class Rows {
  event,       // the row of `events` alone: the least that makes an accept durable
  everything,  // also what deciding leaves behind: two audit lines and a row of `history`
};

// The tables, and the statements that put an EventRow into them.
//
// Threads: belongs to one thread. Lifetime: ends before the database is closed.
class EventTables {
 public:
  // Makes the tables. A fault ends the program, as in write().
  EventTables(sqlite3* db, Rows rows);
  ~EventTables();
  EventTables(const EventTables&) = delete;
  EventTables& operator=(const EventTables&) = delete;

  void write(const EventRow& row);

 private:
  void write_event(const EventRow& row);
  void write_history(const EventRow& row);
  void write_audit(std::uint64_t number, std::string_view line);

  sqlite3* db_;
  Rows rows_;
  sqlite3_stmt* insert_event_ = nullptr;
  sqlite3_stmt* insert_history_ = nullptr;
  sqlite3_stmt* insert_audit_ = nullptr;
};

// Ends the program unless the code of SQLite says that it went well.
void check_sqlite(sqlite3* db, int code, std::string_view what);

}  // namespace longshore::bench
