// SPDX-License-Identifier: Apache-2.0
#include "pipeline/lane_worker.h"

#include <algorithm>

#include "pipeline/aged_turn.h"
#include "pipeline/log.h"

namespace longshore {
namespace {

constexpr std::size_t kLanesAtOnce = 512;
constexpr std::chrono::milliseconds kNap{500};
constexpr std::chrono::seconds kAfterFailure{1};
constexpr std::chrono::milliseconds kAfterDue{10};
// Each resolved winner can only make another candidate win, so this many rounds are ample.
constexpr int kMostRounds = 32;

struct Inventory {
  std::vector<WorkloadPtr> workloads;
  std::vector<std::string> unsynced;
};

Inventory look_up(const Repository& repository, const Setup& setup) {
  Inventory inventory;
  for (const auto& outbox : setup.outboxes) {
    const Target& target = outbox->target();
    if (!target.synced()) {
      inventory.unsynced.push_back(target.name());
      continue;
    }
    for (WorkloadPtr& workload : target.workloads_of(repository)) {
      inventory.workloads.push_back(std::move(workload));
    }
  }
  return inventory;
}

AuditEntry policy_line(const BadPolicy& bad, Time now) {
  AuditEntry line;
  line.time = now;
  line.step = "policy";
  line.workload = bad.target + ": " + bad.workload + " " + bad.container;
  line.error = bad.message;
  return line;
}

}  // namespace

void LaneWorker::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const auto turns = context_.lanes.take(kLanesAtOnce, context_.clock.steady() + kNap);
    const SetupPtr setup = context_.setup.get();
    std::vector<Prepared> prepared;
    for (const Turn& turn : turns) {
      auto ready = prepare(turn, *setup);
      if (ready) {
        prepared.push_back(*std::move(ready));
      } else {
        log(LogLevel::error, "lanes", ready.error().message);
        context_.lanes.put_back(turn, context_.clock.steady() + kAfterFailure);
      }
    }
    if (!prepared.empty()) write(std::move(prepared), *setup);
  }
}

Result<RepositoryHistory> LaneWorker::read_history(const Turn& turn, std::span<const Event> events,
                                                   bool all_tags) {
  std::vector<Tag> tags;
  for (const Event& event : events) {
    if (event.tag) {
      tags.push_back(*event.tag);
    } else {
      all_tags = true;  // the deletion of a digest concerns whatever tag names it
    }
  }
  auto current = all_tags ? reader_.current_tags(turn.repository)
                          : reader_.current_tags(turn.repository, tags);
  if (!current) return std::move(current).error();
  return RepositoryHistory(turn.repository, *std::move(current));
}

// Asks the registry about the winners that have to be verified. True: it has answered for one, so
// the decision may be another now.
bool LaneWorker::verify_winners(const TurnResult& result, RepositoryHistory& history,
                                Verification& state) {
  bool answered = false;
  std::set<Tag> asked;
  for (const Tag& tag : result.winners) {
    const auto at = history.current().find(tag);
    if (at == history.current().end() || !at->second.verify || at->second.verified) continue;
    const TagState found = at->second;
    auto reply = context_.lookups.ask(
        {history.repository(), tag, found.last_seq, found.digest, found.before});
    if (!reply.answer) {
      state.pending.insert_or_assign(tag, reply.pending);
      asked.insert(tag);
      continue;
    }
    answered = true;
    const Time now = context_.clock.now();
    if (!reply.answer->note.empty()) {
      AuditEntry line;
      line.time = now;
      line.id = found.event;
      line.step = "resolved";
      line.image = history.repository().str() + ":" + tag.str();
      line.reason = reply.answer->note;
      state.audit.push_back(std::move(line));
    }
    if (reply.answer->digest) {
      history.verified(tag, *reply.answer->digest, now);
    } else {
      history.gone(tag, now);
    }
  }
  if (!answered) context_.lookups.keep_only(history.repository(), asked);
  return answered;
}

Result<TurnResult> LaneWorker::decide_turn(TurnInput& input, RepositoryHistory& history) {
  Verification verification;
  TurnResult result;
  for (int round = 0; round < kMostRounds; ++round) {
    std::vector<Candidate> candidates = history.candidates();
    input.pending = nullptr;
    verification.pending.clear();
    auto taken = take_aged_turn(input, candidates, reader_);
    if (!taken) return std::move(taken).error();
    result = *std::move(taken);
    if (verify_winners(result, history, verification)) continue;
    if (verification.pending.empty()) break;
    input.pending = &verification.pending;
    result = take_turn(input);
    break;
  }
  input.candidates = {};
  result.audit.insert(result.audit.begin(), verification.audit.begin(), verification.audit.end());
  return result;
}

Result<LaneWorker::Prepared> LaneWorker::prepare(const Turn& turn, const Setup& setup) {
  auto events = reader_.events(turn.seqs);
  if (!events) return std::move(events).error();
  // Before the inventory: what is done in between is not decided once more.
  auto under_way = events->empty() ? reader_.open_actions(turn.repository)
                                   : Result<std::vector<Action>>(std::vector<Action>());
  if (!under_way) return std::move(under_way).error();
  const Inventory inventory = look_up(turn.repository, setup);
  auto history = read_history(turn, *events, !inventory.workloads.empty());
  if (!history) return std::move(history).error();
  for (const Event& event : *events)
    history->apply(event);
  const auto held = read_holds(turn, setup, inventory.workloads, history->candidates());
  if (!held) return held.error();
  const People::Pauses pauses = context_.people.pauses();

  TurnInput input{.repository = turn.repository,
                  .events = *events,
                  .candidates = {},
                  .workloads = inventory.workloads,
                  .rules = setup.rules,
                  .unsynced = inventory.unsynced,
                  .observed = setup.observed,
                  .holds = held->all,
                  .pauses = *pauses,
                  .nearest = inventory.workloads.empty() ? context_.known.nearest(turn.repository)
                                                         : std::string(),
                  .now = context_.clock.now(),
                  .under_way = *under_way};
  auto decided = decide_turn(input, *history);
  if (!decided) return std::move(decided).error();
  TurnResult& result = *decided;
  for (const BadPolicy& bad :
       context_.bad_policies.update(turn.repository, inventory.workloads, result.bad_policies)) {
    result.audit.push_back(policy_line(bad, input.now));
  }
  return Prepared{turn, std::move(result), history->take_changes(), held->added};
}

namespace {

struct Written {
  std::vector<Action> inserted;
  std::vector<Repository> outdated;  // to be decided again: the target has moved on
};

// Whether nobody has paused it meanwhile, and the target still runs what the action was decided
// upon. What an earlier action did since then would else be done a second time, without an effect,
// and told a second time.
bool still_stands(const Action& action, const Setup& setup, const People& people) {
  if (pause_on(*people.pauses(), action.target, action.workload) != nullptr) return false;
  const WorkloadPtr workload = setup.workload_of(action.target, action.workload);
  if (!workload) return false;
  return std::ranges::all_of(action.changes, [&](const ContainerChange& change) {
    return std::ranges::any_of(workload->containers, [&](const Container& container) {
      return container.name == change.container && container.image == change.from;
    });
  });
}

void park_where_shut(Action& action, const Setup& setup) {
  auto missing = setup.outbox_of(action.target)->parked(action.workload);
  if (!missing) return;
  action.state = ActionState::parked;
  action.error = *std::move(missing);
}

Status write_turn(StoreWriter& writer, const Repository& repository, const TurnResult& result,
                  const Setup& setup, const People& people, std::span<const HistoryChange> history,
                  Written& written) {
  for (const HistoryChange& change : history) {
    if (auto status = writer.apply(change); !status) return status;
  }
  if (auto status = writer.keep_tag_waits(repository, result.waits); !status) return status;
  for (const Wait& wait : result.waits) {
    // Synced since it was looked up: its lane is kicked already, nothing would remove the row.
    const auto outbox = setup.outbox_of(wait.target);
    if (outbox && outbox->target().synced()) continue;
    if (auto status = writer.put_wait(wait); !status) return status;
    if (wait.tag) continue;
    if (auto status = writer.supersede_all(wait.target, repository); !status) return status;
  }
  for (const AuditEntry& line : result.audit) {
    if (auto status = writer.audit(line); !status) return status;
  }
  for (Action action : result.actions) {
    if (!still_stands(action, setup, people)) {
      written.outdated.push_back(action.repository);
      continue;
    }
    park_where_shut(action, setup);
    auto is_new = writer.insert_action(action);
    if (!is_new) return std::move(is_new).error();
    if (*is_new) written.inserted.push_back(action);
  }
  for (const auto& [seq, decider] : result.decided_by) {
    if (auto status = writer.finish_event(seq, decider); !status) return status;
  }
  return Done{};
}

}  // namespace

// A little after the time, so that it is over whatever was rounded.
void LaneWorker::wake_later(const Repository& repository, Time due) {
  const auto wait = std::max(due - context_.clock.now(), Time::duration::zero());
  context_.lanes.wake_at(repository, context_.clock.steady() + wait + kAfterDue);
}

void LaneWorker::write(std::vector<Prepared> turns, const Setup& setup) {
  Written made;
  const Status status = context_.journal.run([&](StoreWriter& writer) -> Status {
    for (const Prepared& turn : turns) {
      auto written = write_holds(writer, turn.overruled);
      if (!written) return written;
      written = write_turn(writer, turn.turn.repository, turn.result, setup, context_.people,
                           turn.history, made);
      if (!written) return written;
      for (const auto& [target, workload, images] : turn.result.unchanged) {
        written = writer.supersede(target, workload, turn.turn.repository, images);
        if (!written) return written;
      }
    }
    return Done{};
  });
  if (!status) {
    // The store has failed, or one turn cannot be written: nothing of them is there.
    log(LogLevel::error, "lanes", status.error().message);
    for (Prepared& turn : turns) {
      context_.lanes.put_back(std::move(turn.turn), context_.clock.steady() + kAfterFailure);
    }
    return;
  }
  for (Action& action : made.inserted) {
    // By the setup of now: after a reload the old outbox sends nothing any more.
    const auto outbox = context_.setup.get()->outbox_of(action.target);
    if (outbox) outbox->add(std::move(action));
  }
  for (const Repository& repository : made.outdated)
    context_.lanes.kick(repository);
  for (const Prepared& turn : turns) {
    context_.backlog.fetch_sub(turn.result.decided_by.size(), std::memory_order_relaxed);
    context_.updates.fetch_add(turn.result.updates, std::memory_order_relaxed);
    context_.skips.fetch_add(turn.result.skips, std::memory_order_relaxed);
    context_.lanes.finish(turn.turn.repository);
    if (turn.result.due) wake_later(turn.turn.repository, *turn.result.due);
  }
}

}  // namespace longshore
