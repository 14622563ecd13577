// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "pipeline/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace longshore {

// One connection and its prepared statements: SQLite's C interface with owners and Result. Codes of
// SQLite end here. Threads: a connection and its statements belong to one thread at a time.

// A prepared statement. Bind, step through the rows, reset; bound texts have to live until reset.
class Statement {
 public:
  Statement() = default;  // holds a place until one is assigned
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::uint64_t value) {
    return bind(index, static_cast<std::int64_t>(value));
  }
  Statement& bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
  Statement& bind(int index, std::string_view text);
  Statement& bind_optional(int index, const std::optional<std::string>& text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  // True: a row is there to be read. False: no more; the statement is reset. An error resets too.
  Result<bool> step();
  // For statements that give no rows; resets.
  Status run();
  void reset();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // until the next step or reset
  std::string_view blob(int column) const;

 private:
  friend class Database;
  struct Finalise {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalise> statement_;
};

// For json_each(): a list of tags or digests, of which none has a character that JSON escapes.
template <class Values>
std::string json_list(const Values& values) {
  std::string text = "[";
  for (const auto& value : values) {
    if (text.size() > 1) text += ',';
    text += '"' + value.str() + '"';
  }
  return text + "]";
}

class Database {
 public:
  enum class Access { read_write, read_only };

  // Opens (and, to write, creates) the file. `vfs` empty: the ordinary one.
  static Result<Database> open(const std::filesystem::path& file, Access access,
                               const std::string& vfs);

  // Runs statements that give no rows that matter.
  Status execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  // Prepares each statement into its place; an error leaves those before it prepared.
  Status prepare_all(std::span<const std::pair<Statement*, std::string_view>> statements);
  // The first column of the first row; 0 where there is none.
  Result<std::int64_t> integer(std::string_view sql);

  int changes() const;  // rows that the last statement changed
  bool in_transaction() const;

  // Moves what it can out of the write-ahead log into the file, without waiting for readers.
  Status checkpoint();
  // Pages in the write-ahead log after the last commit of this connection.
  int log_pages() const noexcept { return *log_pages_; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  explicit Database(sqlite3* connection);
  // On the heap: SQLite's hook keeps the address when the Database moves.
  std::unique_ptr<int> log_pages_ = std::make_unique<int>(0);
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace longshore
