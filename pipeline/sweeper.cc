// SPDX-License-Identifier: Apache-2.0
#include "pipeline/sweeper.h"

#include <algorithm>
#include <random>

#include "pipeline/glob.h"

namespace longshore {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kSoon{5};
constexpr seconds kFirstPause{30};  // after a failure; doubles, up to the interval
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

Sweeper::Sweeper(SweepContext context, StoreReader reader)
    : context_(std::move(context)), finder_(context_, std::move(reader)) {}

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
                         *context_.people.holds(repository));
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
    const auto found =
        finder_.find(plan->repository, questions(plan->repository, *context_.setup.get()),
                     [&] { return pace(host, stop); });
    lock.lock();
    if (!stop.stop_requested()) finish(*plan, found);
  }
}

// With mutex_ held.
void Sweeper::finish(Plan& plan, const Result<std::size_t>& found) {
  const Time now = context_.clock.now();
  const double interval = static_cast<double>(plan.interval.count());
  double wait = interval * random_between(0.9, 1.1);
  std::string error;
  if (found) {
    ++done_;
    found_ += *found;
    plan.failures = 0;
    plan.last = now;
    plan.since.reset();
  } else {
    error = found.error().message;
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
Status Sweeper::pace(Host& host, const std::stop_token& stop) {
  const double rate = context_.setup.get()->sweep.requests_per_second;
  const SteadyTime now = steady_clock::now();
  const SteadyTime turn = std::max(host.next_request, now);
  host.next_request = turn + of_seconds(1 / std::max(rate, 0.001));
  std::unique_lock lock(mutex_);
  host.changed.wait_until(lock, stop, turn, [] { return false; });
  if (stop.stop_requested()) return Error{Errc::unavailable, "longshore is stopping"};
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
