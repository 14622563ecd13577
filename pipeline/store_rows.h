// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/sqlite.h"
#include "pipeline/time.h"

namespace longshore {

// How the files of the store turn rows into values, and times into what is kept. Only they include
// this.

inline std::int64_t micros(Time time) {
  return time.time_since_epoch().count();
}

inline Time time_of(std::int64_t count) {
  return Time{std::chrono::microseconds{count}};
}

inline std::optional<Time> optional_time(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return time_of(row.integer(column));
}

inline std::optional<std::string> optional_text(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return std::string(row.text(column));
}

// What we wrote was valid; what does not parse any more was changed by somebody else.
inline Error damaged(std::string_view what) {
  return Error{Errc::io, "store: a row holds no valid " + std::string(what) +
                             ": it was changed by something other than longshore"};
}

template <class Value>
Result<std::optional<Value>> optional_value(const Statement& row, int column) {
  if (row.is_null(column)) return std::optional<Value>();
  auto value = Value::parse(row.text(column));
  if (!value) return std::move(value).error();
  return std::optional<Value>(*std::move(value));
}

// Calls read(row) for each row, until one fails.
template <class Read>
Status each_row(Statement& statement, Read read) {
  for (;;) {
    auto row = statement.step();
    if (!row) return std::move(row).error();
    if (!*row) return Done{};
    if (Status status = read(statement); !status) {
      statement.reset();
      return status;
    }
  }
}

}  // namespace longshore
