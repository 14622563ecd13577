// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "pipeline/engine.h"

namespace longshore {
namespace {

constexpr std::size_t kMostListed = 100;
constexpr std::chrono::hours kStillNews{24};

Metric counter(std::string name, std::string help, std::uint64_t value) {
  return {std::move(name), std::move(help), Metric::Type::counter, {}, static_cast<double>(value)};
}

Metric gauge(std::string name, std::string help, std::uint64_t value) {
  return {std::move(name), std::move(help), Metric::Type::gauge, {}, static_cast<double>(value)};
}

Metric labelled(Metric metric, std::string label, std::string value) {
  metric.labels.emplace_back(std::move(label), std::move(value));
  return metric;
}

void add_target_metrics(const Outbox& outbox, std::vector<Metric>& metrics) {
  const Target& target = outbox.target();
  const TargetState state = target.state();
  const auto add = [&](Metric metric) {
    metrics.push_back(labelled(std::move(metric), "target", target.name()));
  };
  add(gauge("longshore_target_synced", "1 if the inventory is complete.", state.synced ? 1 : 0));
  add(gauge("longshore_target_workloads", "Workloads in the inventory.", state.workloads));
  add(gauge("longshore_target_problems", "Objects that cannot be used.", state.problems.size()));
  if (outbox.watch() != nullptr) {
    add(gauge("longshore_rollouts_watched", "Rollouts that have not ended yet.",
              outbox.watch()->size()));
  }
  add(gauge("longshore_actions_waiting", "Actions that wait for their attempt.", outbox.waiting()));
  for (const Outcome outcome : {Outcome::delivered, Outcome::retry, Outcome::rejected,
                                Outcome::forbidden, Outcome::conflict}) {
    Metric metric = counter("longshore_attempts_total", "Attempts at actions, by outcome.",
                            outbox.counters().outcomes[static_cast<std::size_t>(outcome)]);
    metrics.push_back(labelled(labelled(std::move(metric), "target", target.name()), "outcome",
                               std::string(name_of(outcome))));
  }
}

}  // namespace

StatusReport Engine::status() const {
  StatusReport report;
  report.started = started_;
  {
    const std::lock_guard lock(fault_mutex_);
    report.fault = fault_;
  }
  const std::uint64_t events = context_.backlog;
  // A lane can have work without an event: a conflict, a manifest that changed.
  report.backlog = std::max<std::uint64_t>(events, lanes_.size());
  report.accepting = report.fault.empty() && running_ && events < options_.backlog_events;
  if (!report.accepting && report.fault.empty()) {
    report.fault = running_ ? "too many events wait for their decision" : "longshore is stopping";
  }
  report.accepted = counters_.accepted;
  report.duplicates = counters_.duplicates;
  report.refused = counters_.refused;
  report.durable = durable_.value();
  const SetupPtr setup = setup_.get();
  for (const auto& outbox : setup->outboxes) {
    const Target& target = outbox->target();
    report.targets.push_back({target.name(), std::string(target.type()), target.state(),
                              setup->observed.contains(target.name())});
  }
  report.sweep = sweeper_->status();
  report.bad_policies = bad_policies_.all(kMostListed);
  report.pauses = *people_.pauses();
  report.holds = people_.all_holds();
  if (report.holds.size() > kMostListed) {
    report.holds.erase(report.holds.begin(), report.holds.end() - kMostListed);
  }
  read_troubles(report);
  return report;
}

void Engine::add_rollouts(StatusReport& report) const {
  for (const auto& outbox : setup_.get()->outboxes) {
    if (outbox->watch() == nullptr) continue;
    for (Rollout& rollout : outbox->watch()->watching(kMostListed))
      report.rollouts.push_back(std::move(rollout));
  }
  auto newest = reader_.rollouts().newest(kMostListed);
  if (!newest) return;
  for (Rollout& rollout : *newest) {
    const bool failed =
        rollout.state == RolloutState::failed || rollout.state == RolloutState::rolled_back;
    if (failed && rollout.ended && clock_.now() - *rollout.ended < kStillNews) {
      report.rollouts.push_back(std::move(rollout));
    }
  }
  if (report.rollouts.size() > kMostListed) {
    report.rollouts.erase(report.rollouts.begin() + kMostListed, report.rollouts.end());
  }
}

// A store that cannot be read leaves these parts empty: `fault` says why, or will soon.
void Engine::read_troubles(StatusReport& report) const {
  const std::lock_guard lock(reader_mutex_);
  add_rollouts(report);
  if (auto counts = reader_.count_actions()) report.actions = *std::move(counts);
  if (auto waits = reader_.waits(kMostListed)) report.waits = *std::move(waits);
  for (const ActionState state : {ActionState::dead, ActionState::parked, ActionState::waiting}) {
    auto actions = reader_.actions(state, kMostListed - report.troubled.size());
    if (!actions) continue;
    for (Action& action : *actions)
      report.troubled.push_back(std::move(action));
  }
}

std::vector<Metric> Engine::metrics() const {
  constexpr std::array<std::string_view, 4> kNoise = {"pull", "blob", "untagged", "other"};
  std::vector<Metric> all = {
      counter("longshore_events_accepted_total", "Events accepted.", counters_.accepted),
      counter("longshore_events_duplicate_total", "Events that were seen before.",
              counters_.duplicates),
      counter("longshore_requests_refused_total", "Requests refused.", counters_.refused),
      counter("longshore_intake_full_total", "Notifications answered 503 for want of room.",
              counters_.full),
      gauge("longshore_intake_events", "Events on their way to the disk.", queue_.events()),
      gauge("longshore_intake_bytes", "Their size.", queue_.bytes()),
      gauge("longshore_backlog_events", "Events not yet decided.", context_.backlog),
      gauge("longshore_lanes", "Repositories with work.", lanes_.size()),
      gauge("longshore_durable_seq", "The last event that is safe on the disk.", durable_.value()),
      counter("longshore_commits_total", "Commits of the store.", journal_.counters().commits),
      counter("longshore_audit_lines_total", "Audit lines written.", audit_head().lines)};
  Metric micros = counter("longshore_commit_seconds_total", "Time spent in commits.", 0);
  micros.value = static_cast<double>(journal_.counters().commit_micros) / 1e6;
  all.push_back(std::move(micros));
  for (std::size_t i = 0; i < kNoise.size(); ++i) {
    all.push_back(labelled(counter("longshore_noise_total", "Facts that are counted and not kept.",
                                   counters_.noise[i]),
                           "kind", std::string(kNoise[i])));
  }
  const std::string help = "Decisions, by container.";
  all.push_back(
      labelled(counter("longshore_decisions_total", help, context_.updates), "decision", "update"));
  all.push_back(
      labelled(counter("longshore_decisions_total", help, context_.skips), "decision", "skip"));
  const SetupPtr setup = setup_.get();
  for (const auto& outbox : setup->outboxes)
    add_target_metrics(*outbox, all);
  return all;
}

Result<std::vector<Action>> Engine::actions(std::optional<ActionState> state,
                                            std::size_t limit) const {
  const std::lock_guard lock(reader_mutex_);
  return reader_.actions(state, limit);
}

Result<std::vector<HistoryEntry>> Engine::history(const Repository& repository,
                                                  std::size_t limit) const {
  const std::lock_guard lock(reader_mutex_);
  return reader_.history(repository, limit);
}

AuditHead Engine::audit_head() const {
  return journal_.audit_head();
}

Status Engine::retry_action(const ActionId& id, const std::string& actor) {
  auto found = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.action(id);
  }();
  if (!found) return std::move(found).error();
  Action& action = *found;
  bool revived = false;
  auto status = journal_.run([&](StoreWriter& writer) -> Status {
    auto done = writer.retry_action(id);
    if (!done) return std::move(done).error();
    revived = *done;
    if (!revived) return Done{};
    AuditEntry line;
    line.time = clock_.now();
    line.id = action.event;
    line.step = "retried";
    line.actor = actor;
    line.image = action.repository.str();
    line.workload = action.target + ": " + action.workload;
    return writer.audit(line);
  });
  if (!status) return status;
  if (!revived) {
    return Error{Errc::conflict, "action " + id.str() + " is " +
                                     std::string(name_of(action.state)) +
                                     ": only dead, parked and waiting actions can be tried again"};
  }
  action.state = ActionState::ready;
  action.due = clock_.now();
  if (const auto outbox = setup_.get()->outbox_of(action.target)) {
    outbox->retry_now(std::move(action));
  }
  return Done{};
}

}  // namespace longshore
