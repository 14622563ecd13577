// SPDX-License-Identifier: Apache-2.0
#include "pipeline/sweeper.h"

#include <algorithm>

#include "pipeline/glob.h"

namespace longshore {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::string_view kSource = "sweep";
constexpr seconds kSoon{5};
constexpr seconds kFirstPause{30};  // after a failure; doubles, up to the interval
constexpr std::chrono::milliseconds kNap{50};
constexpr std::size_t kMostListed = 100;

std::vector<WorkloadPtr> workloads_of(const Repository& repository, const Setup& setup) {
  std::vector<WorkloadPtr> all;
  for (const auto& outbox : setup.outboxes) {
    if (!outbox->target().synced()) continue;
    for (WorkloadPtr& workload : outbox->target().workloads_of(repository))
      all.push_back(std::move(workload));
  }
  return all;
}

// The image's own, else its registry's, else the general one.
seconds interval_of(const Repository& repository, const Setup& setup) {
  for (const PolicyRule& rule : setup.rules) {
    if (rule.sweep && glob_match(rule.image, repository.str())) return *rule.sweep;
  }
  const auto at = setup.sweep.every_of_host.find(std::string(repository.host()));
  return at != setup.sweep.every_of_host.end() ? at->second : setup.sweep.every;
}

double random_between(double low, double high) {
  thread_local std::mt19937 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(low, high)(engine);
}

SteadyTime::duration of_seconds(double count) {
  return std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(count));
}

}  // namespace

// When one repository is asked about. All guarded by mutex_.
struct Sweeper::Plan {
  Repository repository;
  seconds interval{};
  std::set<std::string> policies;
  SteadyTime due{};
  int failures = 0;
  std::string error{};
  std::optional<Time> since{};  // the failures
  std::optional<Time> last{};   // whole sweep
};

struct Sweeper::Host {
  std::condition_variable_any changed;
  std::set<std::shared_ptr<Plan>> plans;  // guarded by mutex_
  std::uint64_t version = 0;              // guarded by mutex_; counts what changes its plans
  SteadyTime next_request{};              // its thread only
  std::jthread thread;
};

Sweeper::Sweeper(Context context, StoreReader reader)
    : context_(std::move(context)), reader_(std::move(reader)) {}

Sweeper::~Sweeper() {
  stop();
}

void Sweeper::stop() {
  std::vector<std::jthread> threads;
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (const auto& [name, host] : hosts_)
    host->thread.request_stop();
  for (const auto& [name, host] : hosts_)
    threads.push_back(std::move(host->thread));
}

void Sweeper::outdated(const Repository& repository) {
  const std::lock_guard lock(mutex_);
  outdated_.insert(repository);
}

void Sweeper::all_outdated() {
  const std::lock_guard lock(mutex_);
  all_outdated_ = true;
}

void Sweeper::soon(const Repository& repository) {
  const std::lock_guard lock(mutex_);
  const auto at = plans_.find(repository);
  if (at == plans_.end()) return;
  at->second->due = std::min(at->second->due, steady_clock::now() + kSoon);
  Host& host = *hosts_.find(repository.host())->second;
  ++host.version;
  host.changed.notify_all();
}

void Sweeper::tick() {
  if (context_.resolver == nullptr) return;
  std::unordered_set<Repository> repositories;
  bool all = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    repositories.swap(outdated_);
    all = std::exchange(all_outdated_, false);
    if (all) {
      for (const auto& [repository, plan] : plans_)
        repositories.insert(repository);
    }
  }
  const SetupPtr setup = context_.setup.get();
  if (all) {
    for (const auto& outbox : setup->outboxes) {
      for (const WorkloadPtr& workload : outbox->target().workloads()) {
        for (const Container& container : workload->containers)
          repositories.insert(container.image.repository());
      }
    }
  }
  for (const Repository& repository : repositories)
    plan(repository, *setup);
}

std::vector<SweepQuestion> Sweeper::questions(const Repository& repository,
                                              const Setup& setup) const {
  return sweep_questions(repository, workloads_of(repository, setup), setup.rules,
                         context_.holds(repository));
}

// Takes the repository up, or changes or ends its plan. New policies are asked for at once.
void Sweeper::plan(const Repository& repository, const Setup& setup) {
  const seconds interval = interval_of(repository, setup);
  std::set<std::string> policies;
  if (interval.count() > 0) policies = policies_of(questions(repository, setup));
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  auto& host = hosts_[std::string(repository.host())];
  if (!host) host = std::make_unique<Host>();
  const auto at = plans_.find(repository);
  if (policies.empty()) {
    if (at == plans_.end()) return;
    host->plans.erase(at->second);
    plans_.erase(at);
    return;
  }
  if (at == plans_.end()) {
    auto added = std::make_shared<Plan>(Plan{.repository = repository,
                                             .interval = interval,
                                             .policies = std::move(policies),
                                             .due = steady_clock::now()});
    host->plans.insert(added);
    plans_.emplace(repository, std::move(added));
  } else {
    Plan& known = *at->second;
    const bool same = known.policies == policies && known.interval == interval;
    if (same) return;
    known.interval = interval;
    known.policies = std::move(policies);
    known.due = steady_clock::now();
  }
  if (!host->thread.joinable()) {
    host->thread = std::jthread(
        [this, &at_host = *host](const std::stop_token& stop) { work(at_host, stop); });
  }
  ++host->version;
  host->changed.notify_all();
}

void Sweeper::work(Host& host, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto first = std::ranges::min_element(
        host.plans, {}, [](const std::shared_ptr<Plan>& plan) { return plan->due; });
    if (first == host.plans.end()) {
      host.changed.wait(lock, stop, [&] { return !host.plans.empty(); });
      continue;
    }
    const std::shared_ptr<Plan> plan = *first;
    const SteadyTime due = plan->due;
    if (due > steady_clock::now()) {
      const auto seen = host.version;
      host.changed.wait_until(lock, stop, due, [&] { return host.version != seen; });
      continue;
    }
    lock.unlock();
    const Status status = sweep(plan->repository, host, stop);
    lock.lock();
    if (!stop.stop_requested()) finish(*plan, status);
  }
}

// With mutex_ held.
void Sweeper::finish(Plan& plan, const Status& status) {
  const Time now = context_.clock.now();
  const double interval = static_cast<double>(plan.interval.count());
  double wait = interval * random_between(0.9, 1.1);
  std::string error;
  if (status) {
    ++done_;
    plan.failures = 0;
    plan.last = now;
    plan.since.reset();
  } else {
    error = status.error().message;
    const int doubling = std::min(plan.failures++, 10);
    wait = std::min(interval, static_cast<double>(kFirstPause.count()) * (1 << doubling));
    if (!plan.since) plan.since = now;
  }
  plan.due = steady_clock::now() + of_seconds(wait);
  const bool is_new = std::exchange(plan.error, error) != error && !error.empty();
  if (!is_new) return;
  AuditEntry line;
  line.time = now;
  line.step = "sweep";
  line.image = plan.repository.str();
  line.error = error;
  context_.audit(std::move(line));
}

// One more request to this registry: waits for its turn.
void Sweeper::pace(Host& host, const std::stop_token& stop) {
  const double rate = context_.setup.get()->sweep.requests_per_second;
  const SteadyTime now = steady_clock::now();
  const SteadyTime turn = std::max(host.next_request, now);
  host.next_request = turn + of_seconds(1 / std::max(rate, 0.001));
  std::unique_lock lock(mutex_);
  host.changed.wait_until(lock, stop, turn, [] { return false; });
}

Status Sweeper::sweep(const Repository& repository, Host& host, const std::stop_token& stop) {
  auto asked = questions(repository, *context_.setup.get());
  if (asked.empty()) return Done{};
  auto status = look_at_followed(repository, followed_tags(asked), host, stop);
  if (!status || !needs_list(asked)) return status;
  return list(repository, std::move(asked), host, stop);
}

Status Sweeper::look_at_followed(const Repository& repository, const std::set<Tag>& tags,
                                 Host& host, const std::stop_token& stop) {
  for (const Tag& tag : tags) {
    pace(host, stop);
    auto digest = context_.resolver->resolve(repository, tag);
    if (!digest && digest.error().code == Errc::not_found) continue;
    if (!digest) return std::move(digest).error();
    auto known = [&] {
      const std::lock_guard lock(reader_mutex_);
      return reader_.current_tags(repository, std::vector{tag});
    }();
    if (!known) return std::move(known).error();
    const auto at = known->find(tag);
    if (at != known->end() && at->second.digest == *digest) continue;
    // A tag that we did not know may have been what it is for years.
    Found events;
    events.push_back(
        event_of(repository, tag, at == known->end() ? EventKind::listed : EventKind::pushed));
    events.back().digest = *digest;
    if (auto status = accept(repository, std::move(events)); !status) return status;
  }
  return Done{};
}

Status Sweeper::list(const Repository& repository, std::vector<SweepQuestion> questions, Host& host,
                     const std::stop_token& stop) {
  auto has_earlier = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.is_listed(repository);
  }();
  if (!has_earlier) return std::move(has_earlier).error();
  ListWinners best(std::move(questions));
  pace(host, stop);
  auto status = context_.resolver->list_tags(repository, [&](std::vector<Tag> page) -> Status {
    if (stop.stop_requested()) return Error{Errc::unavailable, "longshore is stopping"};
    best.add(page, context_.clock.now());
    auto fresh = [&] {
      const std::lock_guard lock(reader_mutex_);
      return reader_.not_listed(repository, page);
    }();
    if (!fresh) return std::move(fresh).error();
    if (*has_earlier) {
      if (auto taken = take_up(repository, *fresh, EventKind::pushed); !taken) return taken;
    }
    pace(host, stop);
    if (fresh->empty()) return Done{};
    return context_.journal.run([&](StoreWriter& writer) {
      return writer.mark_listed(repository, *fresh, context_.clock.now());
    });
  });
  if (!status) return status;
  const auto winners = best.winners();
  status = take_up(repository, {winners.begin(), winners.end()}, EventKind::listed);
  if (!status || *has_earlier) return status;
  return context_.journal.run(
      [&](StoreWriter& writer) { return writer.end_list(repository, context_.clock.now()); });
}

// Accepts those of the tags that the history does not have.
Status Sweeper::take_up(const Repository& repository, const std::vector<Tag>& tags,
                        EventKind kind) {
  if (tags.empty()) return Done{};
  auto known = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.current_tags(repository, tags);
  }();
  if (!known) return std::move(known).error();
  Found events;
  for (const Tag& tag : tags) {
    if (!known->contains(tag) && !tag.is_companion()) {
      events.push_back(event_of(repository, tag, kind));
    }
  }
  return accept(repository, std::move(events));
}

Event Sweeper::event_of(const Repository& repository, const Tag& tag, EventKind kind) const {
  const Time now = context_.clock.now();
  return Event{.id = EventId::make(now),
               .seq = 0,
               .source = std::string(kSource),
               .source_type = std::string(kSource),
               .kind = kind,
               .repository = repository,
               .tag = tag,
               .digest = {},
               .media_type = {},
               .actor = {},
               .occurred_at = {},
               .received_at = now,
               .key = {},
               .delivery_id = {},
               .not_actionable = {},
               .verify = true};
}

// Whether somebody should have told us.
bool Sweeper::is_missed(const Repository& repository, EventKind kind, bool notified) const {
  if (notified) return true;
  if (kind != EventKind::pushed) return false;
  const SetupPtr setup = context_.setup.get();
  return std::ranges::any_of(setup->sweep.announced, [&](const std::string& pattern) {
    return glob_match(pattern, repository.str());
  });
}

// Waits until they are safe: only then is the list that shows them remembered.
Status Sweeper::accept(const Repository& repository, Found events) {
  if (events.empty()) return Done{};
  auto notified = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.was_notified(repository, kSource);
  }();
  if (!notified) return std::move(notified).error();
  const Found copies = events;
  auto accepted = context_.intake.accept(std::move(events));
  if (!accepted) return std::move(accepted).error();
  Status durable = context_.intake.durable(accepted->durable_after);
  while (!durable && durable.error().code == Errc::busy) {
    std::this_thread::sleep_for(kNap);
    durable = context_.intake.durable(accepted->durable_after);
  }
  if (!durable) return durable;
  for (const Event& event : copies) {
    if (!is_missed(repository, event.kind, *notified)) continue;
    AuditEntry line;
    line.time = context_.clock.now();
    line.id = event.id;
    line.step = "missed";
    line.image = event.image();
    line.reason = "no notification told of it: found at the registry";
    context_.audit(std::move(line));
  }
  const std::lock_guard lock(mutex_);
  found_ += copies.size();
  return Done{};
}

SweepStatus Sweeper::status() const {
  SweepStatus status;
  const SteadyTime now = steady_clock::now();
  const std::lock_guard lock(mutex_);
  status.repositories = plans_.size();
  status.done = done_;
  status.found = found_;
  for (const auto& [repository, plan] : plans_) {
    if (plan->due <= now) ++status.waiting;
    if (plan->last && (!status.oldest || *plan->last < *status.oldest)) status.oldest = plan->last;
    if (plan->error.empty() || status.failing.size() >= kMostListed) continue;
    const Time due =
        context_.clock.now() + std::chrono::duration_cast<Time::duration>(plan->due - now);
    status.failing.push_back({{}, repository, std::nullopt, plan->error, *plan->since, due});
  }
  return status;
}

}  // namespace longshore
