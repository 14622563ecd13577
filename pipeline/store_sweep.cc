// SPDX-License-Identifier: Apache-2.0
//
// What lists of tags have shown. Asked and written rarely, so nothing is prepared beforehand.
#include "pipeline/store_reader.h"
#include "pipeline/store_rows.h"
#include "pipeline/store_writer.h"

namespace longshore {
namespace {

Result<bool> has_row(Statement statement) {
  auto row = statement.step();
  if (!row) return std::move(row).error();
  const bool found = *row;
  statement.reset();
  return found;
}

}  // namespace

// A row without a tag says that a whole list has been seen.
Result<bool> StoreReader::is_listed(const Repository& repository) {
  auto statement = database_.prepare("SELECT 1 FROM listed WHERE repository = ?1 AND tag = ''");
  if (!statement) return std::move(statement).error();
  statement->bind(1, repository.str());
  return has_row(*std::move(statement));
}

Result<std::vector<Tag>> StoreReader::not_listed(const Repository& repository,
                                                 std::span<const Tag> tags) {
  auto statement = database_.prepare(
      "SELECT value FROM json_each(?2) WHERE NOT EXISTS "
      "(SELECT 1 FROM listed WHERE repository = ?1 AND tag = value)");
  if (!statement) return std::move(statement).error();
  const std::string list = json_list(tags);
  statement->bind(1, repository.str()).bind(2, list);
  std::vector<Tag> found;
  for (;;) {
    auto row = statement->step();
    if (!row) return std::move(row).error();
    if (!*row) return found;
    if (auto tag = Tag::parse(statement->text(0))) found.push_back(*std::move(tag));
  }
}

Result<bool> StoreReader::was_notified(const Repository& repository, std::string_view sweep) {
  auto statement =
      database_.prepare("SELECT 1 FROM history WHERE repository = ?1 AND source <> ?2 LIMIT 1");
  if (!statement) return std::move(statement).error();
  statement->bind(1, repository.str()).bind(2, sweep);
  return has_row(*std::move(statement));
}

Status StoreWriter::mark_listed(const Repository& repository, std::span<const Tag> tags, Time now) {
  auto statement =
      database_.prepare("INSERT OR IGNORE INTO listed SELECT ?1, value, ?3 FROM json_each(?2)");
  if (!statement) return std::move(statement).error();
  const std::string list = json_list(tags);
  return statement->bind(1, repository.str()).bind(2, list).bind(3, micros(now)).run();
}

Status StoreWriter::end_list(const Repository& repository, Time now) {
  auto statement = database_.prepare("INSERT OR IGNORE INTO listed VALUES(?1, '', ?2)");
  if (!statement) return std::move(statement).error();
  return statement->bind(1, repository.str()).bind(2, micros(now)).run();
}

}  // namespace longshore
