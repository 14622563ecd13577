// SPDX-License-Identifier: Apache-2.0
#include "pipeline/rollout_watch.h"

#include <algorithm>

#include "pipeline/log.h"

namespace longshore {
namespace {

constexpr unsigned kThreads = 2;
constexpr std::chrono::milliseconds kNap{1'000};
// Between two looks at one that keeps moving.
constexpr std::chrono::milliseconds kSoon{50};
constexpr std::chrono::milliseconds kAfterError{2'000};
constexpr std::chrono::milliseconds kWhileHeldUp{3'000};
// For a warning no registry is asked twice about one digest, which many workloads may go back to,
// nor twice while it is silent: looks are not to wait for it.
constexpr std::chrono::seconds kAskedOnce{60};
constexpr std::size_t kMostAsked = 10'000;

std::string written_by(const Rollout& rollout) {
  std::string text;
  for (const RolloutPart& part : rollout.parts)
    text += (text.empty() ? "" : ", ") + part.to.str();
  return text;
}

std::string targets_of(const std::vector<ContainerChange>& changes) {
  std::string text;
  for (const ContainerChange& change : changes)
    text += (text.empty() ? "" : ", ") + change.to.str();
  return text;
}

}  // namespace

RolloutWatch::RolloutWatch(Target& target, const RolloutContext& context)
    : target_(target), context_(context) {
  for (unsigned i = 0; i < kThreads; ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

RolloutWatch::~RolloutWatch() {
  stop();
}

void RolloutWatch::stop() {
  for (auto& thread : threads_)
    thread.request_stop();
  threads_.clear();
}

void RolloutWatch::schedule(const std::string& workload, SteadyTime due) {
  Entry& entry = entries_.at(workload);
  schedule_.erase({entry.due, workload});
  entry.due = due;
  if (!entry.looked_at) schedule_.insert({due, workload});
  changed_.notify_one();
}

void RolloutWatch::add(Rollout rollout) {
  const std::string workload = rollout.workload;
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(workload);
  if (at == entries_.end()) {
    entries_.emplace(workload, Entry{std::move(rollout)});
  } else {
    Entry& entry = at->second;
    entry.rollout = std::move(rollout);
    entry.asked_since.reset();
    entry.warning.reset();
    entry.sick_at.reset();
    entry.again = entry.looked_at;
  }
  schedule(workload, context_.clock.steady());
}

void RolloutWatch::moved(const std::string& workload) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(workload);
  if (at == entries_.end()) return;
  at->second.again = at->second.looked_at;
  schedule(workload, context_.clock.steady());
}

std::optional<std::string> RolloutWatch::obstacle(const Action& action,
                                                  const std::stop_token& stop) {
  return context_.platforms->obstacle(action, target_, stop);
}

Status RolloutWatch::hold(StoreWriter& writer, const Action& action, const std::string& why) {
  const Time now = context_.clock.now();
  for (const Hold& hold : holds_for(rollout_of(action, {}, nullptr, now), why, now)) {
    if (auto held = context_.people.hold(writer, hold); !held) return held;
  }
  return Done{};
}

std::vector<Rollout> RolloutWatch::watching(std::size_t limit) const {
  std::vector<Rollout> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [workload, entry] : entries_)
      all.push_back(entry.rollout);
  }
  std::ranges::sort(all, {}, &Rollout::started);
  if (all.size() > limit) all.erase(all.begin() + static_cast<std::ptrdiff_t>(limit), all.end());
  return all;
}

std::string RolloutWatch::progress_of(const std::string& workload) const {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(workload);
  return at == entries_.end() ? std::string() : at->second.rollout.progress;
}

std::size_t RolloutWatch::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void RolloutWatch::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto entry = next(stop);
    if (!entry) continue;
    Verdict verdict = look(*entry, stop);
    if (stop.stop_requested()) return;
    settle(*std::move(entry), std::move(verdict));
  }
}

// Waits until a rollout is due. Nothing: a stop, or a nap is over.
std::optional<RolloutWatch::Entry> RolloutWatch::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const SteadyTime now = context_.clock.steady();
  if (schedule_.empty() || schedule_.begin()->first > now) {
    const SteadyTime until =
        schedule_.empty() ? now + kNap : std::min(schedule_.begin()->first, now + kNap);
    changed_.wait_until(lock, stop, until, [&] {
      return !schedule_.empty() && schedule_.begin()->first <= context_.clock.steady();
    });
    return std::nullopt;
  }
  const std::string workload = schedule_.begin()->second;
  schedule_.erase(schedule_.begin());
  Entry& entry = entries_.at(workload);
  entry.looked_at = true;
  entry.again = false;
  return entry;
}

RolloutWatch::Verdict RolloutWatch::look(const Entry& entry, const std::stop_token& stop) {
  const auto sight = target_.follow(entry.rollout, stop);
  if (!sight) return {.detail = sight.error().message, .again = kAfterError};
  switch (sight->phase) {
    case RolloutSight::Phase::completed:
      return {.end = RolloutState::completed, .detail = sight->detail};
    case RolloutSight::Phase::replaced:
      return {.end = RolloutState::superseded, .detail = sight->detail};
    case RolloutSight::Phase::failed:
      return fail(entry, *sight);
    case RolloutSight::Phase::progressing:
      break;
  }
  Verdict verdict{.detail = sight->detail, .again = sight->again};
  verdict.warning = entry.warning ? entry.warning : warning_for(entry.rollout);
  if (verdict.warning && !verdict.warning->empty()) verdict.detail += "; " + *verdict.warning;
  return verdict;
}

// That it cannot be undone; empty: it can. Nothing: the registry cannot be asked now.
std::optional<std::string> RolloutWatch::warning_for(const Rollout& rollout) {
  if (context_.resolver == nullptr || !may_roll_back(rollout)) return std::string();
  // Its digest is enough to go back to a tag, wherever that is by now.
  const AskRegistry ask{
      .tag =
          [](const Repository&, const Tag&) {
            return Error{Errc::not_found, "not asked"};
          },
      .digest = [this](const Repository& repository,
                       const Digest& digest) { return ask_for(repository, digest); }};
  const auto way = find_way_back(rollout, ask);
  if (!way) return std::nullopt;
  if (!way->changes.empty()) return std::string();
  return "it cannot be undone: " + way->obstacle;
}

Status RolloutWatch::ask_for(const Repository& repository, const Digest& digest) {
  const SteadyTime now = context_.clock.steady();
  const auto lately = [&](std::string_view what) {
    const auto at = asked_.find(what);
    return at != asked_.end() && now - at->second < kAskedOnce;
  };
  {
    const std::lock_guard lock(mutex_);
    if (lately(digest.str())) return Done{};
    if (lately(repository.host())) return Error{Errc::busy, "it was silent just now"};
  }
  auto there = context_.resolver->find(repository, digest);
  if (!there && there.error().code == Errc::not_found) return there;
  const std::lock_guard lock(mutex_);
  if (asked_.size() >= kMostAsked) asked_.clear();
  asked_.insert_or_assign(std::string(there ? digest.str() : repository.host()), now);
  return there;
}

RolloutWatch::Verdict RolloutWatch::fail(const Entry& entry, const RolloutSight& sight) {
  const Rollout& rollout = entry.rollout;
  Verdict verdict;
  verdict.again = kWhileHeldUp;
  if (sight.others_fail) {
    verdict.others_fail = true;
    verdict.detail = sight.detail + "; what ran before fails as well, so it is not undone";
    return verdict;
  }
  if (entry.sick_at && context_.clock.steady() - *entry.sick_at < kConvalescence) {
    verdict.detail = sight.detail + "; what ran before failed as well, so it is given time";
    return verdict;
  }
  if (const Pause* pause = pause_on(*context_.people.pauses(), rollout.target, rollout.workload)) {
    verdict.detail = sight.detail + "; " + in_words(*pause);
    return verdict;
  }
  const auto way = may_roll_back(rollout)
                       ? way_back_of(entry)
                       : WayBack{{},
                                 rollout.way_back ? "it was the way back itself"
                                                  : "its policy says rollback: false"};
  if (!way) {
    verdict.registry_is_silent = true;
    verdict.detail =
        sight.detail + "; the registry is asked what to go back to: " + way.error().message;
    return verdict;
  }
  verdict.holds = holds_for(rollout, "its rollout failed: " + sight.detail, context_.clock.now());
  if (way->changes.empty()) {
    verdict.end = RolloutState::failed;
    verdict.detail = sight.detail + "; it is left as it is: " + way->obstacle;
    return verdict;
  }
  verdict.end = RolloutState::rolled_back;
  verdict.detail = sight.detail;
  verdict.way_back = action_for(rollout, way->changes, sight.detail);
  return verdict;
}

// By the policies of now: each container's has to allow it.
bool RolloutWatch::may_roll_back(const Rollout& rollout) const {
  if (rollout.way_back) return false;
  const SetupPtr setup = context_.setup.get();
  const WorkloadPtr workload = setup->workload_of(rollout.target, rollout.workload);
  if (!workload) return true;
  return std::ranges::all_of(rollout.parts, [&](const RolloutPart& part) {
    const auto settings =
        settings_for(workload->annotations, part.container, part.to.repository(), setup->rules);
    return !settings || !*settings || (*settings)->rollback;
  });
}

Result<WayBack> RolloutWatch::way_back_of(const Entry& entry) const {
  const bool waited_enough =
      entry.asked_since && context_.clock.steady() - *entry.asked_since >= kPatience;
  if (context_.resolver == nullptr || waited_enough) return way_back_unasked(entry.rollout);
  Resolver& resolver = *context_.resolver;
  const AskRegistry ask{
      .tag = [&](const Repository& repository,
                 const Tag& tag) { return resolver.resolve(repository, tag); },
      .digest = [&](const Repository& repository,
                    const Digest& digest) { return resolver.find(repository, digest); }};
  return find_way_back(entry.rollout, ask);
}

Action RolloutWatch::action_for(const Rollout& rollout, std::vector<ContainerChange> changes,
                                const std::string& why) const {
  const Time now = context_.clock.now();
  return Action{.id = ActionId::make(now),
                .target = rollout.target,
                .workload = rollout.workload,
                .repository = rollout.repository,
                .changes = std::move(changes),
                .event = rollout.event,
                .seq = 0,
                .reason = "rollback: " + why,
                .state = ActionState::ready,
                .attempts = 0,
                .created = now,
                .due = now,
                .error = {},
                .way_back = true};
}

AuditEntry RolloutWatch::line_for(const Rollout& rollout, const Verdict& verdict) const {
  AuditEntry line;
  line.time = context_.clock.now();
  line.id = rollout.event;
  line.step = "rollout";
  line.image = rollout.repository.str();
  line.workload = rollout.target + ": " + rollout.workload;
  line.from = written_by(rollout);
  line.outcome = std::string(name_of(*verdict.end));
  const bool failed =
      *verdict.end == RolloutState::failed || *verdict.end == RolloutState::rolled_back;
  (failed ? line.error : line.reason) = verdict.detail;
  if (verdict.way_back) line.to = targets_of(verdict.way_back->changes);
  if (!failed) std::swap(line.from, line.to);
  return line;
}

// False: it is not watched any more, or the store has failed.
bool RolloutWatch::write_end(const Rollout& rollout, const Verdict& verdict) {
  bool ended = false;
  const Status status = context_.journal.run([&](StoreWriter& writer) -> Status {
    auto done = writer.rollouts().end(rollout);
    if (!done) return std::move(done).error();
    ended = *done;
    if (!ended) return Done{};
    if (auto written = writer.audit(line_for(rollout, verdict)); !written) return written;
    if (verdict.way_back) {
      auto inserted = writer.insert_action(*verdict.way_back);
      if (!inserted) return std::move(inserted).error();
    }
    for (const Hold& hold : verdict.holds) {
      if (auto held = context_.people.hold(writer, hold); !held) return held;
    }
    return Done{};
  });
  if (!status) log(LogLevel::error, "rollouts", status.error().message);
  return status && ended;
}

void RolloutWatch::settle(Entry entry, Verdict verdict) {
  Rollout& rollout = entry.rollout;
  if (verdict.end) {
    rollout.state = *verdict.end;
    rollout.ended = context_.clock.now();
    rollout.reason = verdict.detail;
    if (write_end(rollout, verdict)) {
      // A way back is waited for; else what is held now may leave room for something else.
      if (verdict.way_back) {
        context_.send(*std::move(verdict.way_back));
      } else if (!verdict.holds.empty()) {
        context_.kick(rollout.repository);
      }
    }
  }
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(rollout.workload);
  Entry& now = at->second;
  now.looked_at = false;
  const bool same = now.rollout.id == rollout.id;
  if (verdict.end && same) {
    entries_.erase(at);
    return;
  }
  if (same) {
    now.rollout.progress = std::move(verdict.detail);
    if (verdict.warning) now.warning = std::move(verdict.warning);
    if (verdict.others_fail) now.sick_at = context_.clock.steady();
    if (!verdict.registry_is_silent) now.asked_since.reset();
    if (verdict.registry_is_silent && !now.asked_since) now.asked_since = context_.clock.steady();
  }
  const bool soon = now.again || !same;
  schedule(rollout.workload, context_.clock.steady() + (soon ? kSoon : verdict.again));
}

}  // namespace longshore
