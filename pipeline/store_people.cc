// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store_people.h"

#include <array>
#include <utility>

#include "pipeline/store_statements.h"

namespace longshore {
namespace {

constexpr std::string_view kHolds =
    "SELECT target, workload, container, repository, tag, digest, and_below, reason, actor, since "
    "FROM holds ORDER BY since";
constexpr std::string_view kWritten =
    "SELECT container, image, from_image, from_digest, action, at, digest FROM written "
    "WHERE target = ?1 AND workload = ?2";
constexpr std::string_view kOpenActions =
    "SELECT 1 FROM actions WHERE target = ?1 AND workload = ?2 AND state IN (1, 2, 3) LIMIT 1";
// There is no index by id: this is asked by hand, and about what came lately.
constexpr std::string_view kSeqOf =
    "SELECT seq FROM events WHERE id = ?1 ORDER BY seq DESC LIMIT 1";

constexpr std::string_view kPutHold =
    "INSERT OR REPLACE INTO holds VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)";
constexpr std::string_view kRemoveHold =
    "DELETE FROM holds WHERE target = ?1 AND workload = ?2 AND container = ?3 "
    "AND repository = ?4 AND tag = ?5 AND digest = ?6";
constexpr std::string_view kTakeBack =
    "UPDATE actions SET state = 7 WHERE state IN (1, 3, 6) AND seq > 0 "
    "AND (?1 = '' OR target = ?1) AND (?2 = '' OR workload = ?2)";
constexpr std::string_view kForget =
    "DELETE FROM written WHERE target = ?1 AND workload = ?2 AND (?3 = '' OR container = ?3)";

// The text of an optional tag or digest; empty where there is none.
template <class Value>
std::string_view text_or_empty(const std::optional<Value>& value) {
  return value ? std::string_view(value->str()) : std::string_view();
}

template <class Value>
Result<std::optional<Value>> value_unless_empty(const Statement& row, int column) {
  if (row.text(column).empty()) return std::optional<Value>();
  return optional_value<Value>(row, column);
}

void bind_key(Statement& statement, const Hold& hold) {
  statement.bind(1, hold.target).bind(2, hold.workload).bind(3, hold.container);
  statement.bind(4, hold.repository.str());
  statement.bind(5, text_or_empty(hold.tag)).bind(6, text_or_empty(hold.digest));
}

}  // namespace

Status PeopleReader::prepare(Database& database) {
  const std::array<std::pair<Statement*, std::string_view>, 6> all = {{
      {&holds_, kHolds},
      {&pauses_, "SELECT target, workload, reason, actor, since FROM pauses ORDER BY since"},
      {&written_, kWritten},
      {&open_actions_, kOpenActions},
      {&seq_of_, kSeqOf},
      {&decided_by_, "SELECT decided_by FROM events WHERE seq = ?1 AND state = 1"},
  }};
  return database.prepare_all(all);
}

Result<std::vector<Hold>> PeopleReader::holds() {
  std::vector<Hold> holds;
  auto status = each_row(holds_, [&](const Statement& row) -> Status {
    auto repository = Repository::from_normalised(row.text(3));
    auto tag = value_unless_empty<Tag>(row, 4);
    auto digest = value_unless_empty<Digest>(row, 5);
    if (!repository || !tag || !digest) return damaged("hold");
    holds.push_back(Hold{.target = std::string(row.text(0)),
                         .workload = std::string(row.text(1)),
                         .container = std::string(row.text(2)),
                         .repository = *std::move(repository),
                         .digest = *std::move(digest),
                         .tag = *std::move(tag),
                         .reason = std::string(row.text(7)),
                         .and_below = row.integer(6) != 0,
                         .actor = std::string(row.text(8)),
                         .since = time_of(row.integer(9))});
    return Done{};
  });
  if (!status) return std::move(status).error();
  return holds;
}

Result<std::vector<Pause>> PeopleReader::pauses() {
  std::vector<Pause> pauses;
  auto status = each_row(pauses_, [&](const Statement& row) -> Status {
    pauses.push_back({std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                      std::string(row.text(3)), time_of(row.integer(4))});
    return Done{};
  });
  if (!status) return std::move(status).error();
  return pauses;
}

Result<std::vector<LastWrite>> PeopleReader::written(const std::string& target,
                                                     const std::string& workload) {
  std::vector<LastWrite> all;
  auto status = each_row(written_.bind(1, target).bind(2, workload), [&](const Statement& row) {
    auto image = ImageRef::parse(row.text(1));
    auto from = ImageRef::parse(row.text(2));
    auto from_digest = optional_value<Digest>(row, 3);
    auto digest = optional_value<Digest>(row, 6);
    if (!image || !from || !from_digest || !digest || row.blob(4).size() != 16) {
      return Status(damaged("image"));
    }
    all.push_back({std::string(row.text(0)), *std::move(image), *std::move(digest),
                   *std::move(from), *std::move(from_digest), ActionId::from_bytes(row.blob(4)),
                   time_of(row.integer(5))});
    return Status(Done{});
  });
  if (!status) return std::move(status).error();
  return all;
}

Result<bool> PeopleReader::has_open_action(const std::string& target, const std::string& workload) {
  auto row = open_actions_.bind(1, target).bind(2, workload).step();
  open_actions_.reset();
  return row;
}

Result<Seq> PeopleReader::seq_of(const EventId& id) {
  auto row = seq_of_.bind_blob(1, id.bytes()).step();
  if (!row) return std::move(row).error();
  const Seq seq = *row ? static_cast<Seq>(seq_of_.integer(0)) : 0;
  seq_of_.reset();
  return seq;
}

Result<std::optional<EventId>> PeopleReader::decided_by(Seq seq) {
  auto row = decided_by_.bind(1, seq).step();
  if (!row) return std::move(row).error();
  std::optional<EventId> decider;
  if (*row && decided_by_.blob(0).size() == 16) {
    decider = EventId::from_bytes(decided_by_.blob(0));
  }
  decided_by_.reset();
  return decider;
}

Status PeopleWriter::prepare(Database& database) {
  const std::array<std::pair<Statement*, std::string_view>, 7> all = {{
      {&put_hold_, kPutHold},
      {&remove_hold_, kRemoveHold},
      {&put_pause_, "INSERT OR REPLACE INTO pauses VALUES(?1,?2,?3,?4,?5)"},
      {&remove_pause_, "DELETE FROM pauses WHERE target = ?1 AND workload = ?2"},
      {&take_back_, kTakeBack},
      {&put_written_, "INSERT OR REPLACE INTO written VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"},
      {&forget_written_, kForget},
  }};
  return database.prepare_all(all);
}

Status PeopleWriter::put_hold(const Hold& hold) {
  bind_key(put_hold_, hold);
  put_hold_.bind(7, hold.and_below ? 1 : 0).bind(8, hold.reason).bind(9, hold.actor);
  return put_hold_.bind(10, micros(hold.since)).run();
}

Status PeopleWriter::remove_hold(const Hold& hold) {
  bind_key(remove_hold_, hold);
  return remove_hold_.run();
}

Status PeopleWriter::put_pause(const Pause& pause) {
  put_pause_.bind(1, pause.target).bind(2, pause.workload).bind(3, pause.reason);
  return put_pause_.bind(4, pause.actor).bind(5, micros(pause.since)).run();
}

Status PeopleWriter::remove_pause(const Pause& pause) {
  return remove_pause_.bind(1, pause.target).bind(2, pause.workload).run();
}

Status PeopleWriter::take_back(const Pause& pause) {
  return take_back_.bind(1, pause.target).bind(2, pause.workload).run();
}

Status PeopleWriter::put_written(const Action& action, Time now) {
  for (const ContainerChange& change : action.changes) {
    const std::string to = change.to.str();
    const std::string from = change.from.str();
    put_written_.bind(1, action.target).bind(2, action.workload).bind(3, change.container);
    put_written_.bind(4, to).bind(5, from);
    bind_text(put_written_, 6, change.from_digest);
    put_written_.bind_blob(7, action.id.bytes()).bind(8, micros(now));
    if (auto status = bind_text(put_written_, 9, change.to_digest).run(); !status) return status;
  }
  return Done{};
}

Status PeopleWriter::forget_written(const std::string& target, const std::string& workload,
                                    const std::string& container) {
  return forget_written_.bind(1, target).bind(2, workload).bind(3, container).run();
}

}  // namespace longshore
