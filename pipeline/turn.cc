// SPDX-License-Identifier: Apache-2.0
#include "pipeline/turn.h"

#include <algorithm>
#include <unordered_map>

#include "pipeline/people.h"
#include "pipeline/restart.h"

namespace longshore {
namespace {

// Builds the result workload by workload; the members are the state of one call of take_turn().
class TurnMaker {
 public:
  explicit TurnMaker(const TurnInput& input) : input_(input) {
    if (is_event_turn()) return;
    for (const Action& action : input.under_way)
      under_way_.emplace(action.workload, &action);
  }

  TurnResult make() {
    for (const WorkloadPtr& workload : input_.workloads)
      decide_workload(*workload);
    for (const std::string& target : input_.unsynced)
      wait_for(target);
    explain_silence();
    account_for_events();
    return std::move(result_);
  }

 private:
  void decide_workload(const Workload& workload);
  // What the containers of one workload come to, taken together.
  struct Joined {
    std::vector<ContainerChange> changes;
    std::optional<Candidate> newest;  // of the winners
    std::string reason;               // of that one
    std::vector<AuditEntry> lines;    // of the changes
  };
  void decide_container(const Workload& workload, const Container& container, Joined& joined);
  std::optional<Digest> digest_behind(const ImageRef& image, const Tag& winner) const;
  const LastWrite* last_write(const Workload& workload, const Container& container) const;
  void skip_left_alone(const Workload& workload, const LeftAlone& left_alone);
  void report_bad(const Workload& workload, const Container& container, const Error& error);
  void hold_back(const Workload& workload, Decision& decision);
  void wait_for(const Tag& tag, const std::string& reason, std::optional<Time> due);
  void wait_for(const std::string& target);
  void explain_silence();
  void account_for_events();
  EventId decider_of_turn() const;
  AuditEntry line_for(const Workload& workload, const Container& container) const;
  bool is_under_way(const Action& action) const {
    const auto [begin, end] = under_way_.equal_range(action.workload);
    return std::any_of(begin, end,
                       [&](const auto& other) { return is_same_change(action, *other.second); });
  }
  bool is_event_turn() const { return !input_.events.empty(); }
  bool is_in_turn(const EventId& id) const {
    return std::ranges::any_of(input_.events, [&](const Event& event) { return event.id == id; });
  }

  const TurnInput& input_;
  TurnResult result_;
  std::size_t without_policy_ = 0;
  std::set<EventId> with_line_;
  std::unordered_multimap<std::string_view, const Action*> under_way_;  // by workload
};

AuditEntry TurnMaker::line_for(const Workload& workload, const Container& container) const {
  AuditEntry line;
  line.time = input_.now;
  line.step = "decided";
  line.workload = workload.target + ": " + workload.id + " " + container.name;
  line.from = container.image.str();
  if (is_event_turn()) {
    line.id = input_.events.back().id;
    line.image = input_.events.back().image();
  }
  return line;
}

void TurnMaker::report_bad(const Workload& workload, const Container& container,
                           const Error& error) {
  result_.bad_policies.push_back({workload.target, workload.id, container.name, error.message});
  ++result_.skips;
  if (!is_event_turn()) return;
  AuditEntry line = line_for(workload, container);
  line.decision = "skip";
  line.reason = error.message;
  with_line_.insert(*line.id);
  result_.audit.push_back(std::move(line));
}

void TurnMaker::skip_left_alone(const Workload& workload, const LeftAlone& left_alone) {
  const Container& container = left_alone.container;
  const auto settings =
      settings_for(workload.annotations, container.name, input_.repository, input_.rules);
  if (!settings || !*settings) {
    ++without_policy_;
    return;
  }
  ++result_.skips;
  if (!is_event_turn()) return;
  AuditEntry line = line_for(workload, container);
  line.decision = "skip";
  line.reason = left_alone.reason;
  with_line_.insert(*line.id);
  result_.audit.push_back(std::move(line));
}

// What the history says of the tag that runs. Not where that very tag has moved: what an instance
// pulled before is known to nobody but the target.
std::optional<Digest> TurnMaker::digest_behind(const ImageRef& image, const Tag& winner) const {
  const auto tag = image.effective_tag();
  if (image.digest() || !tag || tag == winner) return image.digest();
  const auto at = std::ranges::find_if(input_.candidates, [&](const Candidate& candidate) {
    return candidate.tag == *tag && !candidate.moved_on;
  });
  return at == input_.candidates.end() ? std::nullopt : at->digest;
}

const LastWrite* TurnMaker::last_write(const Workload& workload, const Container& container) const {
  const auto rows = input_.written.find({workload.target, workload.id});
  if (rows == input_.written.end()) return nullptr;
  const auto at = std::ranges::find_if(
      rows->second, [&](const LastWrite& one) { return one.container == container.name; });
  return at == rows->second.end() ? nullptr : &*at;
}

void TurnMaker::decide_container(const Workload& workload, const Container& container,
                                 Joined& joined) {
  const auto settings =
      settings_for(workload.annotations, container.name, input_.repository, input_.rules);
  if (!settings) return report_bad(workload, container, settings.error());
  if (!*settings) {
    ++without_policy_;
    return;
  }
  if ((*settings)->min_age.count() > 0) result_.ages.insert((*settings)->min_age);
  const std::vector<Hold> holds = holds_on(input_.holds, workload, container.name);
  Decision decision =
      workload.restarts && follows_by_restart(**settings)
          ? decide_restart(**settings, container.image, last_write(workload, container),
                           input_.candidates, holds, input_.now)
          : decide(**settings, container.image, input_.candidates, holds, input_.now);
  if (decision.winner) result_.winners.insert(decision.winner->tag);
  if (decision.due && (!result_.due || *decision.due < *result_.due)) result_.due = decision.due;
  hold_back(workload, decision);
  AuditEntry line = line_for(workload, container);
  line.decision = std::string(name_of(decision.verdict));
  line.reason = decision.reason;
  if (decision.verdict == Verdict::update) {
    const Candidate& winner = *decision.winner;
    line.id = winner.event;
    line.image = input_.repository.str() + ":" + winner.tag.str();
    line.to = decision.to->str();
    if (input_.observed.contains(workload.target)) line.outcome = "observed";
    if (!joined.newest || winner.seq > joined.newest->seq) {
      joined.newest = winner;
      joined.reason = decision.reason;
    }
    joined.changes.push_back({container.name, container.image, *decision.to,
                              digest_behind(container.image, winner.tag), winner.digest});
    joined.lines.push_back(std::move(line));
    return;
  }
  if (decision.verdict == Verdict::skip) ++result_.skips;
  if (!is_event_turn()) return;
  // The event that it is about, where that is one of this turn.
  if (decision.winner && decision.winner->event && is_in_turn(*decision.winner->event)) {
    line.id = decision.winner->event;
    line.image = input_.repository.str() + ":" + decision.winner->tag.str();
  }
  with_line_.insert(*line.id);
  result_.audit.push_back(std::move(line));
}

// What is decided and may not happen yet becomes a wait, with the reason added.
void TurnMaker::hold_back(const Workload& workload, Decision& decision) {
  const auto wait = [&](const std::string& why) {
    decision.verdict = Verdict::wait;
    decision.reason += "; " + why;
  };
  if (decision.winner && input_.pending != nullptr) {
    const auto at = input_.pending->find(decision.winner->tag);
    if (at != input_.pending->end()) {
      wait(at->second);
      wait_for(decision.winner->tag, at->second, std::nullopt);
      return;
    }
  }
  if (decision.verdict == Verdict::wait && decision.winner) {
    wait_for(decision.winner->tag, decision.reason, decision.due);
  }
  if (decision.verdict != Verdict::update) return;
  if (const Pause* pause = pause_on(input_.pauses, workload.target, workload.id)) {
    wait(in_words(*pause));
  }
}

void TurnMaker::wait_for(const Tag& tag, const std::string& reason, std::optional<Time> due) {
  const bool known =
      std::ranges::any_of(result_.waits, [&](const Wait& wait) { return wait.tag == tag; });
  if (!known) result_.waits.push_back({{}, input_.repository, tag, reason, input_.now, due});
}

void TurnMaker::decide_workload(const Workload& workload) {
  Joined joined;
  for (const Container& container : workload.containers) {
    if (container.image.repository() == input_.repository) {
      decide_container(workload, container, joined);
    }
  }
  for (const LeftAlone& one : workload.left_alone) {
    if (one.container.image.repository() == input_.repository) skip_left_alone(workload, one);
  }
  if (joined.changes.empty()) {
    std::map<std::string, std::string> images;
    for (const Container& container : workload.containers)
      images.emplace(container.name, container.image.str());
    result_.unchanged.push_back({workload.target, workload.id, std::move(images)});
    return;
  }
  Action action{.id = ActionId::make(input_.now),
                .target = workload.target,
                .workload = workload.id,
                .repository = input_.repository,
                .changes = std::move(joined.changes),
                .event = *joined.newest->event,
                .seq = joined.newest->seq,
                .reason = std::move(joined.reason),
                .state = ActionState::ready,
                .attempts = 0,
                .created = input_.now,
                .due = input_.now,
                .error = {},
                .way_back = false};
  if (is_under_way(action)) return;
  result_.updates += joined.lines.size();
  for (AuditEntry& line : joined.lines) {
    with_line_.insert(*line.id);
    result_.audit.push_back(std::move(line));
  }
  if (!input_.observed.contains(workload.target)) result_.actions.push_back(std::move(action));
}

void TurnMaker::wait_for(const std::string& target) {
  const std::string reason = "target " + target + " has not been read completely yet";
  result_.waits.push_back(
      {target, input_.repository, std::nullopt, reason, input_.now, std::nullopt});
  if (!is_event_turn()) return;
  AuditEntry line;
  line.time = input_.now;
  line.id = input_.events.back().id;
  line.step = "decided";
  line.image = input_.events.back().image();
  line.workload = target;
  line.decision = "wait";
  line.reason = reason;
  with_line_.insert(*line.id);
  result_.audit.push_back(std::move(line));
}

// A line for the newest event where no workload gave one.
void TurnMaker::explain_silence() {
  if (!is_event_turn() || !result_.audit.empty()) return;
  const Event& newest = input_.events.back();
  AuditEntry line;
  line.time = input_.now;
  line.id = newest.id;
  line.step = "decided";
  line.image = newest.image();
  line.decision = "skip";
  if (without_policy_ > 0) {
    line.reason =
        std::to_string(without_policy_) + " containers run " + input_.repository.str() +
        ", none has a policy: annotate the workload with longshore.dev/policy, or add one "
        "under policies";
  } else {
    line.reason = "no workload runs " + input_.repository.str();
    if (!input_.nearest.empty()) line.reason += "; " + input_.nearest + " is known";
  }
  with_line_.insert(newest.id);
  result_.audit.push_back(std::move(line));
}

// The event that most came of: an update, else a wait, else whatever was said first.
EventId TurnMaker::decider_of_turn() const {
  for (const std::string_view decision : {"update", "wait"}) {
    const auto found = std::ranges::find_if(
        result_.audit, [&](const AuditEntry& line) { return line.decision == decision; });
    if (found != result_.audit.end()) return *found->id;
  }
  return *result_.audit.front().id;
}

void TurnMaker::account_for_events() {
  if (!is_event_turn()) return;
  const EventId decider = decider_of_turn();
  for (const Event& event : input_.events) {
    if (with_line_.contains(event.id)) {
      result_.decided_by.emplace(event.seq, event.id);
      continue;
    }
    result_.decided_by.emplace(event.seq, decider);
    AuditEntry line;
    line.time = input_.now;
    line.id = event.id;
    line.step = "decided";
    line.image = event.image();
    line.decision = "superseded";
    line.reason = "decided together with event " + decider.str();
    result_.audit.push_back(std::move(line));
  }
}

}  // namespace

TurnResult take_turn(const TurnInput& input) {
  return TurnMaker(input).make();
}

}  // namespace longshore
