// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store.h"

#include <fcntl.h>

#include "pipeline/audit_lines.h"
#include "pipeline/schema.h"

namespace longshore {
namespace {

Status set_up(Database& database, const StoreOptions& options) {
  auto mode = database.prepare("PRAGMA journal_mode = WAL");
  if (!mode) return std::move(mode).error();
  auto row = mode->step();
  if (!row) return std::move(row).error();
  const std::string got(mode->text(0));
  mode->reset();
  if (got != "wal") {
    return Error{Errc::unsupported, "store: " + options.path.string() +
                                        " cannot have a write-ahead log: put it on a local disk"};
  }
  const std::string sync = options.sync_each_commit ? "FULL" : "NORMAL";
  return database.execute("PRAGMA synchronous = " + sync +
                          "; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0; "
                          "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384");
}

// For us alone; SQLite makes files that everybody may read. Where it cannot be made, SQLite says
// so.
void make_private(const std::filesystem::path& file) {
  const FileHandle made(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

Error named(const StoreOptions& options, Error error) {
  error.message = options.path.string() + ": " + error.message;
  return error;
}

}  // namespace

Result<Store> open_store(const StoreOptions& options) {
  auto lock = StoreLock::take(options.path);
  if (!lock) return std::move(lock).error();
  make_private(options.path);
  auto database = Database::open(options.path, Database::Access::read_write, options.vfs);
  if (!database) return named(options, std::move(database).error());
  if (auto status = set_up(*database, options); !status) {
    return named(options, std::move(status).error());
  }
  if (auto status = migrate(*database, options.path, migrations()); !status) {
    return named(options, std::move(status).error());
  }
  auto writer = StoreWriter::open(*std::move(database));
  if (!writer) return named(options, std::move(writer).error());
  return Store{*std::move(lock), *std::move(writer)};
}

}  // namespace longshore
