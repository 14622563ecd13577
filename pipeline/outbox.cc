// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outbox.h"

#include <algorithm>
#include <random>

#include "pipeline/rollout_watch.h"

namespace longshore {
namespace {

constexpr std::chrono::milliseconds kNap{1000};
constexpr std::chrono::milliseconds kAskAgain{1000};

double draw() {
  thread_local std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

constexpr std::string_view kRunsAlready = "all instances run it already";

// A restart for a digest that the instances had pulled before we knew of it.
bool is_needless_restart(const Action& action) {
  return std::ranges::all_of(action.changes, [](const ContainerChange& change) {
    return change.from == change.to && change.to_digest && change.from_digest == change.to_digest;
  });
}

ActionState state_after(Outcome outcome) {
  switch (outcome) {
    case Outcome::delivered:
      return ActionState::done;
    case Outcome::retry:
      return ActionState::waiting;
    case Outcome::rejected:
      return ActionState::dead;
    case Outcome::forbidden:
      return ActionState::parked;
    case Outcome::conflict:
      break;
  }
  return ActionState::conflicted;
}

}  // namespace

std::chrono::milliseconds backoff(int attempts, std::chrono::milliseconds first,
                                  std::chrono::milliseconds most, double random) {
  const int doublings = std::min(attempts - 1, 30);
  const auto ceiling = std::min(first * (std::int64_t{1} << doublings), most);
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(ceiling.count()) * random));
}

Outbox::Outbox(std::shared_ptr<Target> target, std::unique_ptr<RolloutWatch> watch,
               const PipelineOptions& options, Journal& journal, const Clock& clock, Hooks hooks)
    : target_(std::move(target)),
      watch_(std::move(watch)),
      options_(options),
      journal_(journal),
      clock_(clock),
      hooks_(std::move(hooks)) {
  const unsigned workers =
      target_->concurrency() > 0 ? target_->concurrency() : options_.sink_workers;
  for (unsigned i = 0; i < workers; ++i) {
    workers_.emplace_back([this](std::stop_token stop) { work(stop); });
  }
}

Outbox::~Outbox() {
  stop();
}

void Outbox::stop() {
  for (auto& worker : workers_)
    worker.request_stop();
  workers_.clear();
  if (watch_) watch_->stop();
}

void Outbox::add(Action action) {
  const auto left = std::max(action.due - clock_.now(), std::chrono::microseconds{0});
  const SteadyTime at = clock_.steady() + left;
  const std::lock_guard lock(mutex_);
  if (action.state == ActionState::parked) {
    parked_.try_emplace(scope_of(action), Parked{.until = {}, .error = action.error});
  }
  queue_.push_back({at, std::move(action)});
  announce();
}

std::string Outbox::scope_of(const Action& action) const {
  return std::string(target_->rights_scope(action.workload));
}

void Outbox::retry_now(Action action) {
  const std::lock_guard lock(mutex_);
  std::erase_if(queue_, [&](const Due& due) { return due.action.id == action.id; });
  if (const auto at = parked_.find(scope_of(action)); at != parked_.end()) {
    at->second.until = {};
  }
  queue_.push_front({clock_.steady(), std::move(action)});
  announce();
}

std::optional<std::string> Outbox::parked(const std::string& workload) const {
  const std::lock_guard lock(mutex_);
  const auto at = parked_.find(target_->rights_scope(workload));
  return at == parked_.end() ? std::nullopt : std::optional(at->second.error);
}

void Outbox::announce() {
  ++version_;
  changed_.notify_all();
}

void Outbox::target_synced() {
  const std::lock_guard lock(mutex_);
  announce();
}

std::size_t Outbox::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Outbox::work(std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto action = next(stop);
    if (action) attempt(*std::move(action), stop);
  }
}

SteadyTime Outbox::due_of(const Due& due) const {
  if (parked_.empty()) return due.at;
  const auto parked = parked_.find(target_->rights_scope(due.action.workload));
  return parked == parked_.end() ? due.at : parked->second.until;
}

// Waits until an action is due whose workload nobody works on. Nothing: a stop, or a nap is over.
std::optional<Action> Outbox::next(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const bool synced = target_->synced();
  const SteadyTime now = clock_.steady();
  SteadyTime soonest = now + kNap;
  for (auto at = queue_.begin(); synced && at != queue_.end(); ++at) {
    if (busy_workloads_.contains(at->action.workload)) continue;
    if (const SteadyTime due = due_of(*at); due > now) {
      soonest = std::min(soonest, due);
      continue;
    }
    Action action = std::move(at->action);
    queue_.erase(at);
    busy_workloads_.insert(action.workload);
    const auto parked = parked_.find(scope_of(action));
    if (parked != parked_.end()) parked->second.until = now + options_.parked_retry;
    return action;
  }
  const std::uint64_t seen = version_;
  changed_.wait_until(lock, stop, soonest, [&] { return version_ != seen; });
  return std::nullopt;
}

void Outbox::release(const Action& action) {
  const std::lock_guard lock(mutex_);
  busy_workloads_.erase(action.workload);
  announce();
}

// Before the first attempt only: after one, what runs may be what it has written.
Status Outbox::find_digests(Action& action, std::stop_token stop) {
  const bool known = std::ranges::all_of(
      action.changes, [](const ContainerChange& change) { return change.from_digest.has_value(); });
  if (!watch_ || known || action.way_back || action.attempts > 0) return Done{};
  const auto running = target_->running(action.workload, stop);
  if (!running) {
    const Errc code = running.error().code;
    if (code == Errc::unavailable || code == Errc::busy) return running.error();
    return Done{};  // it cannot be told, and the change does not depend on it
  }
  for (ContainerChange& change : action.changes) {
    const auto at = running->find(change.container);
    if (!change.from_digest && at != running->end()) change.from_digest = at->second;
  }
  return Done{};
}

void Outbox::attempt(Action action, std::stop_token stop) {
  if (!find_digests(action, stop)) {
    const std::lock_guard lock(mutex_);
    busy_workloads_.erase(action.workload);
    queue_.push_front({clock_.steady() + kAskAgain, std::move(action)});
    return announce();
  }
  bool begun = false;
  const Status status = journal_.run([&](StoreWriter& writer) -> Status {
    if (watch_ && action.attempts == 0) {
      if (auto set = writer.set_from_digests(action); !set) return set;
    }
    auto result = writer.begin_attempt(action.id);
    if (!result) return std::move(result).error();
    begun = *result;
    return Done{};
  });
  if (!status || !begun) return release(action);  // superseded, or the store has failed
  const bool is_first = action.attempts == 0;
  ++action.attempts;
  const auto obstacle = is_first && watch_ && !action.way_back ? watch_->obstacle(action, stop)
                                                               : std::optional<std::string>();
  Delivery delivery;
  if (obstacle) {
    delivery = {Outcome::rejected, *obstacle, {}};
  } else if (is_needless_restart(action)) {
    delivery = {Outcome::delivered, std::string(kRunsAlready), {}};
  } else {
    delivery = target_->deliver(action, stop);
  }
  counters_.outcomes[static_cast<std::size_t>(delivery.outcome)].fetch_add(
      1, std::memory_order_relaxed);
  settle(std::move(action), std::move(delivery), obstacle);
}

SteadyTime Outbox::due_after(const Action& action, const Delivery& delivery) const {
  const auto wait = delivery.retry_after.value_or(
      backoff(action.attempts, options_.first_backoff, options_.max_backoff, draw()));
  return clock_.steady() + wait;
}

AuditEntry Outbox::line_for(const Action& action, const Delivery& delivery) const {
  AuditEntry line;
  line.time = clock_.now();
  line.id = action.event;
  line.step = delivery.outcome == Outcome::delivered ? "applied" : "attempted";
  line.workload = action.target + ": " + action.workload;
  for (const ContainerChange& change : action.changes) {
    if (!line.to.empty()) {
      line.from += ", ";
      line.to += ", ";
    }
    line.from += change.from.str();
    line.to += change.to.str();
  }
  line.image = action.repository.str();
  line.outcome = std::string(name_of(delivery.outcome));
  if (delivery.outcome == Outcome::delivered) {
    line.reason = delivery.detail;
  } else {
    line.error = delivery.detail;
  }
  return line;
}

Result<Rollout> Outbox::begin_rollout(StoreWriter& writer, const Action& action,
                                      const std::string& mark) {
  auto former = writer.rollouts().reader().newest_of(action.target, action.workload);
  if (!former) return std::move(former).error();
  Rollout rollout = rollout_of(action, mark, *former ? &**former : nullptr, clock_.now());
  if (auto begun = writer.rollouts().begin(rollout); !begun) return std::move(begun).error();
  return rollout;
}

// Writes the outcome, in one command; what a delivered action has begun goes into `rollout`.
Status Outbox::record(StoreWriter& writer, const Settled& settled,
                      std::optional<Rollout>& rollout) {
  const Action& action = settled.action;
  const Delivery& delivery = settled.delivery;
  auto done = writer.end_attempt(action.id, action.state, action.due, action.error);
  if (!done) return done;
  if (delivery.outcome == Outcome::delivered) {
    if (done = writer.people().put_written(action, clock_.now()); !done) return done;
    if (watch_ && delivery.detail != kRunsAlready) {
      auto begun = begin_rollout(writer, action, delivery.mark);
      if (!begun) return std::move(begun).error();
      rollout = *std::move(begun);
    }
  }
  if (settled.obstacle) {
    if (done = watch_->hold(writer, action, *settled.obstacle); !done) return done;
  }
  if (delivery.outcome == Outcome::forbidden) {
    if (done = writer.park_target(action.target, settled.scope, action.error); !done) return done;
  } else if (settled.unparks) {
    if (done = writer.unpark_target(action.target, settled.scope); !done) return done;
  }
  return writer.audit(line_for(action, delivery));
}

// Returns how many conflicts in a row the workload has had by now.
int Outbox::take_back(const Settled& settled, SteadyTime due) {
  const Action& action = settled.action;
  const Outcome outcome = settled.delivery.outcome;
  const std::lock_guard lock(mutex_);
  busy_workloads_.erase(action.workload);
  int conflicts = 0;
  if (outcome == Outcome::conflict) {
    conflicts = ++conflicts_[action.workload];
  } else {
    conflicts_.erase(action.workload);
  }
  if (outcome == Outcome::forbidden) {
    parked_[settled.scope] = {clock_.steady() + options_.parked_retry, action.error};
  } else {
    parked_.erase(settled.scope);
  }
  const bool again = action.state == ActionState::waiting || action.state == ActionState::parked;
  // At the front: an older decision of a workload goes before a newer one.
  if (settled.written && again) queue_.push_front({due, action});
  announce();
  return conflicts;
}

void Outbox::settle(Action action, Delivery delivery, std::optional<std::string> obstacle) {
  const SteadyTime due = due_after(action, delivery);
  action.state = state_after(delivery.outcome);
  action.error = delivery.outcome == Outcome::delivered ? "" : delivery.detail;
  action.due =
      clock_.now() + std::chrono::duration_cast<std::chrono::microseconds>(due - clock_.steady());
  std::string scope = scope_of(action);
  Settled settled{std::move(action), std::move(delivery), std::move(obstacle), std::move(scope)};
  const Outcome outcome = settled.delivery.outcome;
  {
    const std::lock_guard lock(mutex_);
    settled.unparks = parked_.contains(settled.scope) && outcome != Outcome::forbidden;
  }
  std::optional<Rollout> rollout;
  const Status status =
      journal_.run([&](StoreWriter& writer) { return record(writer, settled, rollout); });
  settled.written = status.has_value();
  const int conflicts = take_back(settled, due);
  if (!status) return;
  const Repository& repository = settled.action.repository;
  if (rollout) watch_->add(*std::move(rollout));
  if (outcome == Outcome::conflict) hooks_.on_conflict(repository, conflicts);
  const bool went_back = outcome == Outcome::delivered && settled.action.way_back;
  if (went_back || settled.obstacle) hooks_.decide_again(repository);
}

}  // namespace longshore
