// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace longshore::bench {

// One row as the product's store keeps an event, made without looking into the body: the texts are
// slices of it, as long as those of a Docker Hub push are. The only place of the benchmarks that
// knows the columns; it has to follow the store's `events`.
struct EventRow {
  std::uint64_t seq = 0;
  std::array<char, 16> id{};
  std::int64_t received_at = 0;  // microseconds
  std::string texts;             // all text columns, one after the other

  static EventRow of(std::uint64_t seq, std::string_view body);
};

// SQL that makes the table, and that puts one row into it.
extern const char* const kCreateEvents;
extern const char* const kInsertEvent;

// Binds the row. It has to outlive the statement's next step.
void bind_row(sqlite3_stmt* statement, const EventRow& row);

}  // namespace longshore::bench
