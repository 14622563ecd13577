// SPDX-License-Identifier: Apache-2.0
#include "pipeline/schema.h"

#include <array>
#include <string>
#include <system_error>

namespace longshore {
namespace {

// Times are microseconds since 1970, ids 16 bytes, references and tags text. `state` of an event:
// 0 open, 1 decided. Only open events and open actions are in their indexes, so that both stay as
// small as the work that is left.
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE events(
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  source TEXT NOT NULL,
  source_type TEXT NOT NULL,
  kind INTEGER NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT,
  digest TEXT,
  media_type TEXT,
  actor TEXT,
  occurred_at INTEGER,
  delivery_key BLOB,
  delivery_id TEXT,
  not_actionable TEXT,
  verify INTEGER NOT NULL,
  state INTEGER NOT NULL,
  decided_by BLOB);
CREATE INDEX events_open ON events(seq) WHERE state = 0;

CREATE TABLE history(
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  seq INTEGER NOT NULL,
  digest TEXT,
  since INTEGER NOT NULL,
  until INTEGER,
  source TEXT NOT NULL,
  event BLOB NOT NULL,
  last_seq INTEGER NOT NULL,
  occurred_at INTEGER,
  verify INTEGER NOT NULL,
  verified INTEGER NOT NULL,
  PRIMARY KEY(repository, tag, seq)) WITHOUT ROWID;

CREATE TABLE waits(
  target TEXT NOT NULL,
  repository TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY(target, repository)) WITHOUT ROWID;

CREATE TABLE actions(
  id BLOB NOT NULL PRIMARY KEY,
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  repository TEXT NOT NULL,
  event BLOB NOT NULL,
  seq INTEGER NOT NULL,
  reason TEXT NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  created INTEGER NOT NULL,
  due INTEGER NOT NULL,
  error TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX actions_open ON actions(target, workload) WHERE state IN (1, 2, 3, 6);

CREATE TABLE action_changes(
  action BLOB NOT NULL,
  position INTEGER NOT NULL,
  container TEXT NOT NULL,
  from_image TEXT NOT NULL,
  to_image TEXT NOT NULL,
  from_digest TEXT,
  PRIMARY KEY(action, position)) WITHOUT ROWID;

CREATE TABLE audit(
  number INTEGER PRIMARY KEY,
  line TEXT NOT NULL);
CREATE TABLE audit_head(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  lines INTEGER NOT NULL,
  hash BLOB NOT NULL);
INSERT INTO audit_head VALUES(1, 0, zeroblob(32));
)sql";

// A wait without a target ('') is a tag's. Holds and pauses are a person's or a failed rollout's
// word; an empty workload or target stands for all. `written`: the image that our last completed
// action left in a container. `listed`: tags that a list of the registry has shown, and when first.
constexpr std::string_view kVersion2 = R"sql(
ALTER TABLE history ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
DROP TABLE waits;
CREATE TABLE waits(
  target TEXT NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY(target, repository, tag)) WITHOUT ROWID;

CREATE TABLE holds(
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  container TEXT NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  digest TEXT NOT NULL,
  and_below INTEGER NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY(target, workload, container, repository, tag, digest)) WITHOUT ROWID;

CREATE TABLE pauses(
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY(target, workload)) WITHOUT ROWID;

CREATE TABLE written(
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  container TEXT NOT NULL,
  image TEXT NOT NULL,
  from_image TEXT NOT NULL,
  from_digest TEXT,
  action BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY(target, workload, container)) WITHOUT ROWID;

CREATE TABLE listed(
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  PRIMARY KEY(repository, tag)) WITHOUT ROWID;
)sql";

// What delivered actions have started where images are run. An action of a way back undoes a
// rollout that failed.
constexpr std::string_view kVersion3 = R"sql(
ALTER TABLE actions ADD COLUMN way_back INTEGER NOT NULL DEFAULT 0;
ALTER TABLE action_changes ADD COLUMN to_digest TEXT;
ALTER TABLE written ADD COLUMN digest TEXT;
CREATE INDEX actions_repository ON actions(repository);

CREATE TABLE rollouts(
  id BLOB NOT NULL PRIMARY KEY,
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  repository TEXT NOT NULL,
  event BLOB NOT NULL,
  mark TEXT NOT NULL,
  way_back INTEGER NOT NULL,
  state INTEGER NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER,
  reason TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX rollouts_watched ON rollouts(id) WHERE state = 1;
CREATE INDEX rollouts_workload ON rollouts(target, workload);

CREATE TABLE rollout_parts(
  rollout BLOB NOT NULL,
  position INTEGER NOT NULL,
  container TEXT NOT NULL,
  to_image TEXT NOT NULL,
  digest TEXT,
  back_image TEXT,
  back_digest TEXT,
  PRIMARY KEY(rollout, position)) WITHOUT ROWID;
)sql";

constexpr std::array kMigrations = {kVersion1, kVersion2, kVersion3};

Status copy_before(const std::filesystem::path& file, std::int64_t version) {
  std::filesystem::path copy = file;
  copy += ".v" + std::to_string(version);
  std::error_code error;
  std::filesystem::copy_file(file, copy, std::filesystem::copy_options::overwrite_existing, error);
  if (!error) return Done{};
  return Error{Errc::io, "store: cannot copy " + file.string() + " to " + copy.string() +
                             " before its migration: " + error.message()};
}

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

Status migrate(Database& database, const std::filesystem::path& file,
               std::span<const std::string_view> steps) {
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return version.error();
  const auto newest = static_cast<std::int64_t>(steps.size());
  if (*version == newest) return Done{};
  if (*version > newest) {
    return Error{Errc::unsupported, "store: " + file.string() + " has schema " +
                                        std::to_string(*version) + ", this program knows up to " +
                                        std::to_string(newest) +
                                        ": start the newer version of longshore that wrote it"};
  }
  if (*version > 0) {
    // All of it into the file itself, so that the copy is whole without a log beside it.
    if (auto status = database.execute("PRAGMA wal_checkpoint(TRUNCATE)"); !status) return status;
    if (auto status = copy_before(file, *version); !status) return status;
  }
  std::string sql = "BEGIN IMMEDIATE;";
  for (std::int64_t i = *version; i < newest; ++i)
    sql += steps[static_cast<std::size_t>(i)];
  sql += "PRAGMA user_version = " + std::to_string(newest) + ";COMMIT;";
  auto status = database.execute(sql);
  if (!status && database.in_transaction()) (void)database.execute("ROLLBACK");
  return status;
}

}  // namespace longshore
