// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store_rollouts.h"

#include <array>
#include <utility>

#include "pipeline/store_statements.h"

namespace longshore {
namespace {

// The numbers are those of RolloutState.
const std::string kColumns =
    "SELECT id, target, workload, repository, event, mark, way_back, state, started, ended, reason "
    "FROM rollouts ";

constexpr std::string_view kSupersede =
    "UPDATE rollouts SET state = 4, ended = ?4, reason = ?5 "
    "WHERE target = ?1 AND workload = ?2 AND state = 1 AND id != ?3";
constexpr std::string_view kInsert =
    "INSERT OR REPLACE INTO rollouts VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)";
constexpr std::string_view kEnd =
    "UPDATE rollouts SET state = ?2, ended = ?3, reason = ?4 WHERE id = ?1 AND state = 1 "
    "RETURNING 1";
constexpr std::string_view kPrune =
    "DELETE FROM rollouts WHERE id IN (SELECT id FROM rollouts WHERE state != 1 AND ended < ?1 "
    "ORDER BY id LIMIT ?2) RETURNING 1";
constexpr std::string_view kPruneParts =
    "DELETE FROM rollout_parts WHERE NOT EXISTS (SELECT 1 FROM rollouts WHERE id = rollout)";

Result<Rollout> read_row(const Statement& row) {
  auto repository = Repository::from_normalised(row.text(3));
  if (!repository || row.blob(0).size() != 16 || row.blob(4).size() != 16) {
    return damaged("rollout");
  }
  return Rollout{.id = ActionId::from_bytes(row.blob(0)),
                 .target = std::string(row.text(1)),
                 .workload = std::string(row.text(2)),
                 .repository = *std::move(repository),
                 .event = EventId::from_bytes(row.blob(4)),
                 .parts = {},
                 .mark = std::string(row.text(5)),
                 .way_back = row.integer(6) != 0,
                 .state = static_cast<RolloutState>(row.integer(7)),
                 .started = time_of(row.integer(8)),
                 .ended = optional_time(row, 9),
                 .progress = {},
                 .reason = std::string(row.text(10))};
}

// How many rows a statement returns.
Result<int> count_rows(Statement& statement) {
  int rows = 0;
  auto status = each_row(statement, [&](const Statement&) -> Status {
    ++rows;
    return Done{};
  });
  if (!status) return std::move(status).error();
  return rows;
}

}  // namespace

Status RolloutReader::prepare(Database& database) {
  const std::string watching = kColumns + "WHERE state = 1 ORDER BY id";
  const std::string newest = kColumns + "ORDER BY id DESC LIMIT ?1";
  const std::string newest_of =
      kColumns + "WHERE target = ?1 AND workload = ?2 ORDER BY id DESC LIMIT 1";
  const std::string of_action = kColumns + "WHERE id = ?1";
  const std::array<std::pair<Statement*, std::string_view>, 5> all = {{
      {&watching_, watching},
      {&newest_, newest},
      {&newest_of_, newest_of},
      {&of_action_, of_action},
      {&parts_,
       "SELECT container, to_image, digest, back_image, back_digest FROM rollout_parts "
       "WHERE rollout = ?1 ORDER BY position"},
  }};
  return database.prepare_all(all);
}

Status RolloutReader::read_parts(Rollout& rollout) {
  parts_.bind_blob(1, rollout.id.bytes());
  return each_row(parts_, [&](const Statement& row) -> Status {
    auto to = ImageRef::parse(row.text(1));
    auto digest = optional_value<Digest>(row, 2);
    auto back = optional_value<ImageRef>(row, 3);
    auto back_digest = optional_value<Digest>(row, 4);
    if (!to || !digest || !back || !back_digest) return damaged("image");
    rollout.parts.push_back({std::string(row.text(0)), *std::move(to), *std::move(digest),
                             *std::move(back), *std::move(back_digest)});
    return Done{};
  });
}

Result<std::vector<Rollout>> RolloutReader::read(Statement& statement) {
  std::vector<Rollout> rollouts;
  auto status = each_row(statement, [&](const Statement& row) -> Status {
    auto rollout = read_row(row);
    if (!rollout) return std::move(rollout).error();
    rollouts.push_back(*std::move(rollout));
    return read_parts(rollouts.back());
  });
  if (!status) return std::move(status).error();
  return rollouts;
}

Result<std::vector<Rollout>> RolloutReader::watching() {
  return read(watching_);
}

Result<std::vector<Rollout>> RolloutReader::newest(std::size_t limit) {
  return read(newest_.bind(1, limit));
}

namespace {

Result<std::optional<Rollout>> only(Result<std::vector<Rollout>> found) {
  if (!found) return std::move(found).error();
  if (found->empty()) return std::optional<Rollout>();
  return std::optional<Rollout>(std::move(found->front()));
}

}  // namespace

Result<std::optional<Rollout>> RolloutReader::newest_of(const std::string& target,
                                                        const std::string& workload) {
  return only(read(newest_of_.bind(1, target).bind(2, workload)));
}

Result<std::optional<Rollout>> RolloutReader::of_action(const ActionId& id) {
  return only(read(of_action_.bind_blob(1, id.bytes())));
}

Status RolloutWriter::prepare(Database& database) {
  const std::array<std::pair<Statement*, std::string_view>, 7> all = {{
      {&supersede_, kSupersede},
      {&insert_, kInsert},
      {&insert_part_, "INSERT INTO rollout_parts VALUES(?1,?2,?3,?4,?5,?6,?7)"},
      {&remove_parts_, "DELETE FROM rollout_parts WHERE rollout = ?1"},
      {&end_, kEnd},
      {&prune_, kPrune},
      {&prune_parts_, kPruneParts},
  }};
  if (auto status = database.prepare_all(all); !status) return status;
  return reader_.prepare(database);
}

Status RolloutWriter::begin(const Rollout& rollout) {
  const std::string why = "a newer change took its place";
  supersede_.bind(1, rollout.target).bind(2, rollout.workload).bind_blob(3, rollout.id.bytes());
  auto status = supersede_.bind(4, micros(rollout.started)).bind(5, why).run();
  if (!status) return status;
  if (status = remove_parts_.bind_blob(1, rollout.id.bytes()).run(); !status) return status;
  insert_.bind_blob(1, rollout.id.bytes()).bind(2, rollout.target).bind(3, rollout.workload);
  insert_.bind(4, rollout.repository.str()).bind_blob(5, rollout.event.bytes());
  insert_.bind(6, rollout.mark).bind(7, rollout.way_back ? 1 : 0);
  insert_.bind(8, static_cast<int>(rollout.state)).bind(9, micros(rollout.started));
  bind_time(insert_, 10, rollout.ended).bind(11, rollout.reason);
  if (status = insert_.run(); !status) return status;
  int position = 0;
  for (const RolloutPart& part : rollout.parts) {
    const std::string to = part.to.str();
    const std::string back = part.back ? part.back->str() : std::string();
    insert_part_.bind_blob(1, rollout.id.bytes()).bind(2, position++).bind(3, part.container);
    insert_part_.bind(4, to);
    bind_text(insert_part_, 5, part.digest);
    if (part.back) {
      insert_part_.bind(6, back);
    } else {
      insert_part_.bind_null(6);
    }
    status = bind_text(insert_part_, 7, part.back_digest).run();
    if (!status) return status;
  }
  return Done{};
}

Result<bool> RolloutWriter::end(const Rollout& rollout) {
  end_.bind_blob(1, rollout.id.bytes()).bind(2, static_cast<int>(rollout.state));
  const auto rows = count_rows(bind_time(end_, 3, rollout.ended).bind(4, rollout.reason));
  if (!rows) return rows.error();
  return *rows == 1;
}

Result<int> RolloutWriter::prune(Time before, int limit) {
  auto removed = count_rows(prune_.bind(1, micros(before)).bind(2, limit));
  if (!removed || *removed == 0) return removed;
  if (auto status = prune_parts_.run(); !status) return std::move(status).error();
  return removed;
}

}  // namespace longshore
