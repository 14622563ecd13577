// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store_reader.h"

#include <algorithm>
#include <array>

#include "pipeline/store_rows.h"

namespace longshore {
namespace {

constexpr std::string_view kEvent =
    "SELECT seq, id, received_at, source, source_type, kind, repository, tag, digest, media_type, "
    "actor, occurred_at, delivery_id, not_actionable, verify FROM events WHERE seq = ?1";

Result<Event> read_event(const Statement& row) {
  auto repository = Repository::from_normalised(row.text(6));
  auto tag = optional_value<Tag>(row, 7);
  auto digest = optional_value<Digest>(row, 8);
  if (!repository || !tag || !digest || row.blob(1).size() != 16) return damaged("event");
  return Event{.id = EventId::from_bytes(row.blob(1)),
               .seq = static_cast<Seq>(row.integer(0)),
               .source = std::string(row.text(3)),
               .source_type = std::string(row.text(4)),
               .kind = static_cast<EventKind>(row.integer(5)),
               .repository = *std::move(repository),
               .tag = *std::move(tag),
               .digest = *std::move(digest),
               .media_type = optional_text(row, 9),
               .actor = optional_text(row, 10),
               .occurred_at = optional_time(row, 11),
               .received_at = time_of(row.integer(2)),
               .key = std::nullopt,  // only of use to the window, which reads it by itself
               .delivery_id = optional_text(row, 12),
               .not_actionable = optional_text(row, 13),
               .verify = row.integer(14) != 0};
}

constexpr std::string_view kTagColumns =
    "SELECT tag, seq, digest, since, source, event, last_seq, occurred_at, verify, verified, "
    "listed FROM history WHERE repository = ?1 AND until IS NULL";

Status read_tag_state(const Statement& row, std::map<Tag, TagState>& into) {
  auto tag = Tag::parse(row.text(0));
  auto digest = optional_value<Digest>(row, 2);
  if (!tag || !digest || row.blob(5).size() != 16) return damaged("tag");
  into.insert_or_assign(*std::move(tag), TagState{.seq = static_cast<Seq>(row.integer(1)),
                                                  .digest = *std::move(digest),
                                                  .since = time_of(row.integer(3)),
                                                  .source = std::string(row.text(4)),
                                                  .event = EventId::from_bytes(row.blob(5)),
                                                  .last_seq = static_cast<Seq>(row.integer(6)),
                                                  .occurred_at = optional_time(row, 7),
                                                  .verify = row.integer(8) != 0,
                                                  .verified = row.integer(9) != 0,
                                                  .listed = row.integer(10) != 0});
  return Done{};
}

const std::string kActionColumns =
    "SELECT id, target, workload, repository, event, seq, reason, state, attempts, created, due, "
    "error, way_back FROM actions ";

}  // namespace

struct StoreReader::Statements {
  Statement event, open_events, newest_seq, deliveries;
  Statement all_tags, one_tag, tags_at, history;
  Statement waits, open_actions, open_actions_of, all_actions, some_actions, actions_of, one_action,
      changes, count_actions;
  Statement audit_lines, first_audit_line;
  PeopleReader people;
  RolloutReader rollouts;
};

Result<StoreReader> StoreReader::open(const std::filesystem::path& file, const std::string& vfs) {
  auto database = Database::open(file, Database::Access::read_only, vfs);
  if (!database) return std::move(database).error();
  auto made = std::make_unique<Statements>();
  const std::string one_tag = std::string(kTagColumns) + " AND tag = ?2";
  const std::string open_actions = kActionColumns + "WHERE state IN (1, 2, 3, 6) ORDER BY id";
  const std::string open_actions_of =
      kActionColumns + "WHERE repository = ?1 AND state IN (1, 2, 3, 6)";
  const std::string all_actions = kActionColumns + "ORDER BY id DESC LIMIT ?1";
  const std::string some_actions = kActionColumns + "WHERE state = ?2 ORDER BY id DESC LIMIT ?1";
  const std::string actions_of = kActionColumns + "WHERE repository = ?2 ORDER BY id DESC LIMIT ?1";
  const std::string one_action = kActionColumns + "WHERE id = ?1";
  const std::array<std::pair<Statement*, std::string_view>, 19> all = {{
      {&made->event, kEvent},
      {&made->open_events, "SELECT seq, repository FROM events WHERE state = 0 ORDER BY seq"},
      {&made->newest_seq, "SELECT max(seq) FROM events"},
      {&made->deliveries,
       "SELECT delivery_key, seq, id, received_at FROM events WHERE delivery_key IS NOT NULL "
       "AND received_at >= ?1 ORDER BY seq DESC LIMIT ?2"},
      {&made->all_tags, kTagColumns},
      {&made->one_tag, one_tag},
      {&made->tags_at,
       "SELECT tag, digest, since, event, last_seq, occurred_at FROM history WHERE repository = ?1 "
       "AND digest IS NOT NULL AND ((since <= ?2 AND until > ?2) OR (until IS NOT NULL "
       "AND digest IN (SELECT value FROM json_each(?3))))"},
      {&made->history,
       "SELECT tag, digest, since, until, event, seq, verified FROM history "
       "WHERE repository = ?1 ORDER BY seq DESC LIMIT ?2"},
      {&made->waits,
       "SELECT target, repository, tag, reason, since, due FROM waits ORDER BY since "
       "LIMIT ?1"},
      {&made->open_actions, open_actions},
      {&made->open_actions_of, open_actions_of},
      {&made->all_actions, all_actions},
      {&made->some_actions, some_actions},
      {&made->actions_of, actions_of},
      {&made->one_action, one_action},
      {&made->changes,
       "SELECT container, from_image, to_image, from_digest, to_digest FROM action_changes "
       "WHERE action = ?1 ORDER BY position"},
      {&made->count_actions, "SELECT state, count(*) FROM actions GROUP BY state"},
      {&made->audit_lines, "SELECT line FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2"},
      {&made->first_audit_line, "SELECT min(number) FROM audit"},
  }};
  if (auto status = database->prepare_all(all); !status) return std::move(status).error();
  if (auto status = made->people.prepare(*database); !status) return std::move(status).error();
  if (auto status = made->rollouts.prepare(*database); !status) return std::move(status).error();
  return StoreReader(*std::move(database), std::move(made));
}

StoreReader::StoreReader(Database database, std::unique_ptr<Statements> statements)
    : database_(std::move(database)), statements_(std::move(statements)) {}
StoreReader::StoreReader(StoreReader&&) noexcept = default;
StoreReader& StoreReader::operator=(StoreReader&&) noexcept = default;
StoreReader::~StoreReader() = default;

PeopleReader& StoreReader::people() noexcept {
  return statements_->people;
}

RolloutReader& StoreReader::rollouts() noexcept {
  return statements_->rollouts;
}

Result<Event> StoreReader::event(const EventId& id) {
  const auto seq = people().seq_of(id);
  if (!seq) return seq.error();
  auto found = *seq > 0 ? events(std::array{*seq}) : Result(std::vector<Event>());
  if (!found) return std::move(found).error();
  if (found->empty()) {
    return Error{Errc::not_found, "there is no event " + id.str() +
                                      ": `longshore audit` shows the ids, and finished "
                                      "events are kept for a time only"};
  }
  return std::move(found->front());
}

Result<std::vector<Event>> StoreReader::events(std::span<const Seq> seqs) {
  std::vector<Event> events;
  events.reserve(seqs.size());
  for (const Seq seq : seqs) {
    statements_->event.bind(1, seq);
    auto status = each_row(statements_->event, [&](const Statement& row) -> Status {
      auto event = read_event(row);
      if (!event) return std::move(event).error();
      events.push_back(*std::move(event));
      return Done{};
    });
    if (!status) return std::move(status).error();
  }
  return events;
}

Result<std::vector<std::pair<Seq, Repository>>> StoreReader::open_events() {
  std::vector<std::pair<Seq, Repository>> open;
  auto status = each_row(statements_->open_events, [&](const Statement& row) -> Status {
    auto repository = Repository::from_normalised(row.text(1));
    if (!repository) return damaged("repository");
    open.emplace_back(static_cast<Seq>(row.integer(0)), *std::move(repository));
    return Done{};
  });
  if (!status) return std::move(status).error();
  return open;
}

Result<Seq> StoreReader::newest_seq() {
  auto row = statements_->newest_seq.step();
  if (!row) return std::move(row).error();
  const auto newest = static_cast<Seq>(statements_->newest_seq.integer(0));
  statements_->newest_seq.reset();
  return newest;
}

Result<std::vector<SeenDelivery>> StoreReader::deliveries(Time since, std::size_t limit) {
  std::vector<SeenDelivery> seen;
  Statement& query = statements_->deliveries;
  query.bind(1, micros(since)).bind(2, limit);
  auto status = each_row(query, [&](const Statement& row) -> Status {
    const std::string_view key = row.blob(0);
    if (key.size() != sizeof(DeliveryKey) || row.blob(2).size() != 16) return damaged("key");
    SeenDelivery delivery{.key = {},
                          .seq = static_cast<Seq>(row.integer(1)),
                          .event = EventId::from_bytes(row.blob(2)),
                          .received_at = time_of(row.integer(3))};
    std::copy(key.begin(), key.end(), delivery.key.begin());
    seen.push_back(delivery);
    return Done{};
  });
  if (!status) return std::move(status).error();
  std::reverse(seen.begin(), seen.end());
  return seen;
}

Result<std::map<Tag, TagState>> StoreReader::current_tags(const Repository& repository) {
  std::map<Tag, TagState> tags;
  statements_->all_tags.bind(1, repository.str());
  auto status = each_row(statements_->all_tags,
                         [&](const Statement& row) { return read_tag_state(row, tags); });
  if (!status) return std::move(status).error();
  return tags;
}

Result<std::map<Tag, TagState>> StoreReader::current_tags(const Repository& repository,
                                                          std::span<const Tag> tags) {
  std::map<Tag, TagState> found;
  for (const Tag& tag : tags) {
    statements_->one_tag.bind(1, repository.str()).bind(2, tag.str());
    auto status = each_row(statements_->one_tag,
                           [&](const Statement& row) { return read_tag_state(row, found); });
    if (!status) return std::move(status).error();
  }
  return found;
}

Result<std::vector<Candidate>> StoreReader::tags_at(const Repository& repository, Time when,
                                                    std::span<const Digest> digests) {
  std::vector<Candidate> candidates;
  const std::string list = json_list(digests);
  statements_->tags_at.bind(1, repository.str()).bind(2, micros(when)).bind(3, list);
  auto status = each_row(statements_->tags_at, [&](const Statement& row) -> Status {
    auto tag = Tag::parse(row.text(0));
    auto digest = optional_value<Digest>(row, 1);
    if (!tag || !digest || row.blob(3).size() != 16) return damaged("tag");
    candidates.push_back({.tag = *std::move(tag),
                          .digest = *std::move(digest),
                          .seq = static_cast<Seq>(row.integer(4)),
                          .event = EventId::from_bytes(row.blob(3)),
                          .occurred_at = optional_time(row, 5),
                          .first_seen = time_of(row.integer(2)),
                          .moved_on = true,
                          .listed = false});
    return Done{};
  });
  if (!status) return std::move(status).error();
  return candidates;
}

Result<std::vector<HistoryEntry>> StoreReader::history(const Repository& repository,
                                                       std::size_t limit) {
  std::vector<HistoryEntry> entries;
  statements_->history.bind(1, repository.str()).bind(2, limit);
  auto status = each_row(statements_->history, [&](const Statement& row) -> Status {
    auto tag = Tag::parse(row.text(0));
    auto digest = optional_value<Digest>(row, 1);
    if (!tag || !digest || row.blob(4).size() != 16) return damaged("tag");
    entries.push_back({*std::move(tag), *std::move(digest), time_of(row.integer(2)),
                       optional_time(row, 3), EventId::from_bytes(row.blob(4)),
                       static_cast<Seq>(row.integer(5)), row.integer(6) != 0});
    return Done{};
  });
  if (!status) return std::move(status).error();
  return entries;
}

Result<std::vector<Wait>> StoreReader::waits(std::size_t limit) {
  std::vector<Wait> waits;
  statements_->waits.bind(1, limit);
  auto status = each_row(statements_->waits, [&](const Statement& row) -> Status {
    auto repository = Repository::from_normalised(row.text(1));
    if (!repository) return damaged("repository");
    std::optional<Tag> tag;
    if (auto parsed = Tag::parse(row.text(2))) tag = *std::move(parsed);
    waits.push_back({std::string(row.text(0)), *std::move(repository), std::move(tag),
                     std::string(row.text(3)), time_of(row.integer(4)), optional_time(row, 5)});
    return Done{};
  });
  if (!status) return std::move(status).error();
  return waits;
}

Status StoreReader::read_changes(Action& action) {
  statements_->changes.bind_blob(1, action.id.bytes());
  return each_row(statements_->changes, [&](const Statement& row) -> Status {
    auto from = ImageRef::parse(row.text(1));
    auto to = ImageRef::parse(row.text(2));
    auto from_digest = optional_value<Digest>(row, 3);
    auto to_digest = optional_value<Digest>(row, 4);
    if (!from || !to || !from_digest || !to_digest) return damaged("image");
    action.changes.push_back({std::string(row.text(0)), *std::move(from), *std::move(to),
                              *std::move(from_digest), *std::move(to_digest)});
    return Done{};
  });
}

Result<std::vector<Action>> StoreReader::read_actions(Statement& statement) {
  std::vector<Action> actions;
  auto status = each_row(statement, [&](const Statement& row) -> Status {
    auto repository = Repository::from_normalised(row.text(3));
    if (!repository || row.blob(0).size() != 16 || row.blob(4).size() != 16) {
      return damaged("action");
    }
    actions.push_back(Action{.id = ActionId::from_bytes(row.blob(0)),
                             .target = std::string(row.text(1)),
                             .workload = std::string(row.text(2)),
                             .repository = *std::move(repository),
                             .changes = {},
                             .event = EventId::from_bytes(row.blob(4)),
                             .seq = static_cast<Seq>(row.integer(5)),
                             .reason = std::string(row.text(6)),
                             .state = static_cast<ActionState>(row.integer(7)),
                             .attempts = static_cast<int>(row.integer(8)),
                             .created = time_of(row.integer(9)),
                             .due = time_of(row.integer(10)),
                             .error = std::string(row.text(11)),
                             .way_back = row.integer(12) != 0});
    return read_changes(actions.back());
  });
  if (!status) return std::move(status).error();
  return actions;
}

Result<std::vector<Action>> StoreReader::open_actions() {
  return read_actions(statements_->open_actions);
}

Result<std::vector<Action>> StoreReader::open_actions(const Repository& repository) {
  return read_actions(statements_->open_actions_of.bind(1, repository.str()));
}

Result<std::vector<Action>> StoreReader::actions(std::optional<ActionState> state,
                                                 std::size_t limit) {
  if (!state) return read_actions(statements_->all_actions.bind(1, limit));
  return read_actions(statements_->some_actions.bind(1, limit).bind(2, static_cast<int>(*state)));
}

Result<std::vector<Action>> StoreReader::actions_of(const Repository& repository,
                                                    std::size_t limit) {
  return read_actions(statements_->actions_of.bind(1, limit).bind(2, repository.str()));
}

Result<Action> StoreReader::action(const ActionId& id) {
  auto found = read_actions(statements_->one_action.bind_blob(1, id.bytes()));
  if (!found) return std::move(found).error();
  if (found->empty()) return Error{Errc::not_found, "there is no action " + id.str()};
  return std::move(found->front());
}

Result<std::map<std::string, std::uint64_t>> StoreReader::count_actions() {
  std::map<std::string, std::uint64_t> counts;
  auto status = each_row(statements_->count_actions, [&](const Statement& row) -> Status {
    counts[std::string(name_of(static_cast<ActionState>(row.integer(0))))] =
        static_cast<std::uint64_t>(row.integer(1));
    return Done{};
  });
  if (!status) return std::move(status).error();
  return counts;
}

Result<std::vector<std::string>> StoreReader::audit_lines(std::uint64_t after, std::size_t limit) {
  std::vector<std::string> lines;
  statements_->audit_lines.bind(1, after).bind(2, limit);
  auto status = each_row(statements_->audit_lines, [&](const Statement& row) -> Status {
    lines.emplace_back(row.text(0));
    return Done{};
  });
  if (!status) return std::move(status).error();
  return lines;
}

Result<std::uint64_t> StoreReader::first_audit_line() {
  auto row = statements_->first_audit_line.step();
  if (!row) return std::move(row).error();
  const auto first = static_cast<std::uint64_t>(statements_->first_audit_line.integer(0));
  statements_->first_audit_line.reset();
  return first;
}

}  // namespace longshore
