// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pipeline/store_statements.h"

namespace longshore {
namespace {

// With 4 KiB pages: about 16 MiB of log before it is folded into the file.
constexpr int kLongLogPages = 4'000;

constexpr std::string_view kInsertEvent =
    "INSERT INTO events VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,NULL)";
constexpr std::string_view kFinishEvent =
    "UPDATE events SET state = 1, decided_by = ?2 WHERE seq = ?1";
// The newest row stays whatever its age: the next seq is made from it.
constexpr std::string_view kPruneEvents =
    "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE seq < "
    "(SELECT max(seq) FROM events) AND state = 1 AND (received_at < ?1 OR seq <= "
    "(SELECT max(seq) FROM events) - ?2) ORDER BY seq LIMIT ?3)";
constexpr std::string_view kOpenHistory =
    "INSERT OR REPLACE INTO history VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)";
constexpr std::string_view kCloseHistory =
    "UPDATE history SET until = ?4 WHERE repository = ?1 AND tag = ?2 AND seq = ?3";
constexpr std::string_view kPutWait =
    "INSERT INTO waits VALUES(?1,?2,?3,?4,?5,?6) "
    "ON CONFLICT(target, repository, tag) DO UPDATE SET reason = ?4, due = ?6";
// The lane's own: those of tags that no longer wait.
constexpr std::string_view kRemoveTagWaits =
    "DELETE FROM waits WHERE target = '' AND repository = ?1 "
    "AND tag NOT IN (SELECT value FROM json_each(?2))";
}  // namespace

Result<StoreWriter> StoreWriter::open(Database database) {
  auto statements = std::make_unique<Statements>();
  const std::array<std::pair<Statement*, std::string_view>, 17> own = {{
      {&statements->begin, "BEGIN IMMEDIATE"},
      {&statements->commit, "COMMIT"},
      {&statements->rollback, "ROLLBACK"},
      {&statements->savepoint, "SAVEPOINT command"},
      {&statements->release, "RELEASE command"},
      {&statements->rollback_to, "ROLLBACK TO command"},
      {&statements->insert_event, kInsertEvent},
      {&statements->finish_event, kFinishEvent},
      {&statements->prune_events, kPruneEvents},
      {&statements->open_history, kOpenHistory},
      {&statements->close_history, kCloseHistory},
      {&statements->put_wait, kPutWait},
      {&statements->remove_waits, "DELETE FROM waits WHERE target = ?1"},
      {&statements->remove_tag_waits, kRemoveTagWaits},
      {&statements->insert_audit, "INSERT INTO audit VALUES(?1, ?2)"},
      {&statements->set_head, "UPDATE audit_head SET lines = ?1, hash = ?2"},
      {&statements->remove_audit, "DELETE FROM audit WHERE number <= ?1"},
  }};
  if (auto status = database.prepare_all(own); !status) return std::move(status).error();
  if (auto status = prepare_actions(database, *statements); !status) {
    return std::move(status).error();
  }
  if (auto status = statements->people.prepare(database); !status) {
    return std::move(status).error();
  }
  if (auto status = statements->rollouts.prepare(database); !status) {
    return std::move(status).error();
  }
  auto head = database.prepare("SELECT lines, hash FROM audit_head");
  if (!head) return std::move(head).error();
  auto row = head->step();
  if (!row) return std::move(row).error();
  AuditHead audit_head;
  audit_head.lines = static_cast<std::uint64_t>(head->integer(0));
  const std::string_view hash = head->blob(1);
  if (hash.size() == audit_head.hash.size()) {
    std::copy(hash.begin(), hash.end(), audit_head.hash.begin());
  }
  head->reset();
  return StoreWriter(std::move(database), std::move(statements), audit_head);
}

StoreWriter::StoreWriter(Database database, std::unique_ptr<Statements> statements, AuditHead head)
    : database_(std::move(database)),
      statements_(std::move(statements)),
      head_(head),
      committed_head_(head),
      savepoint_head_(head) {}

StoreWriter::StoreWriter(StoreWriter&&) noexcept = default;
StoreWriter& StoreWriter::operator=(StoreWriter&&) noexcept = default;
StoreWriter::~StoreWriter() = default;

PeopleWriter& StoreWriter::people() noexcept {
  return statements_->people;
}

RolloutWriter& StoreWriter::rollouts() noexcept {
  return statements_->rollouts;
}

Status StoreWriter::begin() {
  return statements_->begin.run();
}

Status StoreWriter::commit() {
  if (head_.lines != committed_head_.lines) {
    statements_->set_head.bind(1, head_.lines).bind_blob(2, as_bytes(head_.hash));
    if (auto status = statements_->set_head.run(); !status) return status;
  }
  auto status = statements_->commit.run();
  if (status) committed_head_ = head_;
  return status;
}

Status StoreWriter::rollback() {
  head_ = committed_head_;
  if (!database_.in_transaction()) return Done{};
  return statements_->rollback.run();
}

Status StoreWriter::savepoint() {
  savepoint_head_ = head_;
  return statements_->savepoint.run();
}

Status StoreWriter::release() {
  return statements_->release.run();
}

Status StoreWriter::rollback_to_savepoint() {
  head_ = savepoint_head_;
  return statements_->rollback_to.run();
}

Status StoreWriter::checkpoint_if_long() {
  if (database_.log_pages() < kLongLogPages) return Done{};
  return database_.checkpoint();
}

Status StoreWriter::insert_event(const Event& event) {
  Statement& insert = statements_->insert_event;
  insert.bind(1, event.seq).bind_blob(2, event.id.bytes()).bind(3, micros(event.received_at));
  insert.bind(4, event.source).bind(5, event.source_type);
  insert.bind(6, static_cast<int>(event.kind)).bind(7, event.repository.str());
  bind_text(insert, 8, event.tag);
  bind_text(insert, 9, event.digest);
  insert.bind_optional(10, event.media_type).bind_optional(11, event.actor);
  bind_time(insert, 12, event.occurred_at);
  if (event.key) {
    insert.bind_blob(13, {reinterpret_cast<const char*>(event.key->data()), event.key->size()});
  } else {
    insert.bind_null(13);
  }
  insert.bind_optional(14, event.delivery_id).bind_optional(15, event.not_actionable);
  insert.bind(16, event.verify ? 1 : 0).bind(17, event.not_actionable ? 1 : 0);
  return insert.run();
}

Status StoreWriter::finish_event(Seq seq, const EventId& decided_by) {
  return statements_->finish_event.bind(1, seq).bind_blob(2, decided_by.bytes()).run();
}

Result<int> StoreWriter::prune_events(Time before, std::uint64_t keep, int limit) {
  auto status =
      statements_->prune_events.bind(1, micros(before)).bind(2, keep).bind(3, limit).run();
  if (!status) return std::move(status).error();
  return database_.changes();
}

Status StoreWriter::apply(const HistoryChange& change) {
  if (change.kind == HistoryChange::Kind::close) {
    Statement& close = statements_->close_history;
    close.bind(1, change.repository.str()).bind(2, change.tag.str()).bind(3, change.state.seq);
    return bind_time(close, 4, change.until).run();
  }
  Statement& open = statements_->open_history;
  const TagState& state = change.state;
  open.bind(1, change.repository.str()).bind(2, change.tag.str()).bind(3, state.seq);
  bind_text(open, 4, state.digest);
  open.bind(5, micros(state.since));
  bind_time(open, 6, change.until);
  open.bind(7, state.source).bind_blob(8, state.event.bytes()).bind(9, state.last_seq);
  bind_time(open, 10, state.occurred_at);
  return open.bind(11, state.verify ? 1 : 0)
      .bind(12, state.verified ? 1 : 0)
      .bind(13, state.listed ? 1 : 0)
      .run();
}

Status StoreWriter::put_wait(const Wait& wait) {
  Statement& put = statements_->put_wait;
  put.bind(1, wait.target).bind(2, wait.repository.str());
  put.bind(3, wait.tag ? std::string_view(wait.tag->str()) : std::string_view());
  put.bind(4, wait.reason).bind(5, micros(wait.since));
  return bind_time(put, 6, wait.due).run();
}

Status StoreWriter::keep_tag_waits(const Repository& repository, std::span<const Wait> waits) {
  std::vector<Tag> tags;
  for (const Wait& wait : waits) {
    if (wait.tag) tags.push_back(*wait.tag);
  }
  const std::string list = json_list(tags);
  return statements_->remove_tag_waits.bind(1, repository.str()).bind(2, list).run();
}

Status StoreWriter::remove_waits(const std::string& target) {
  return statements_->remove_waits.bind(1, target).run();
}

Status StoreWriter::audit(const AuditEntry& entry) {
  const std::string line = audit_line(entry, head_.hash);
  auto status = statements_->insert_audit.bind(1, head_.lines + 1).bind(2, line).run();
  if (!status) return status;
  head_ = AuditHead{head_.lines + 1, sha256(line)};
  return status;
}

Status StoreWriter::remove_audit_lines(std::uint64_t up_to) {
  return statements_->remove_audit.bind(1, up_to).run();
}

}  // namespace longshore
