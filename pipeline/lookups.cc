// SPDX-License-Identifier: Apache-2.0
#include "pipeline/lookups.h"

#include <algorithm>
#include <array>
#include <utility>

namespace longshore {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::array kEarly = {milliseconds{100}, milliseconds{300}, milliseconds{1'000},
                               milliseconds{3'000}, milliseconds{10'000}};
constexpr seconds kFirstPause{1};  // after a registry did not answer; doubles
constexpr seconds kLongestPause{60};
constexpr seconds kFirstRefusal{30};  // after it refused; doubles
constexpr seconds kLongestRefusal{900};

seconds doubled(seconds first, int times, seconds most) {
  return std::min(most, first * (1 << std::clamp(times - 1, 0, 10)));
}

// Whether the answer may be one from before the push was readable.
bool may_be_early(const LookupQuestion& question, const std::optional<Digest>& digest) {
  if (!digest) return true;
  if (question.announced) return *digest != *question.announced;
  return question.before == digest;
}

std::string note_on(const LookupQuestion& question, const std::optional<Digest>& digest) {
  if (!digest) return "the registry has no such tag";
  if (!question.announced || *digest == *question.announced) return {};
  return "the registry says " + std::string(digest->brief()) + ", the notification said " +
         std::string(question.announced->brief());
}

}  // namespace

struct Lookups::Entry {
  LookupQuestion question;
  std::size_t retries = 0;  // Lookups::retries_ when it was last asked
  std::size_t early = 0;    // answers that may have been early
  int refusals = 0;
  std::string error;
  std::optional<LookupAnswer> answer;
};

// One registry. All guarded by mutex_.
struct Lookups::Host {
  std::string name;
  std::multimap<SteadyTime, std::shared_ptr<Entry>> queue;
  std::condition_variable_any changed;
  unsigned asking = 0;
  int failures = 0;  // in a row: it does not answer
  SteadyTime not_before{};
  std::vector<std::jthread> threads;
};

Lookups::Lookups(Resolver* resolver, Hooks hooks) : resolver_(resolver), hooks_(std::move(hooks)) {}

Lookups::~Lookups() {
  stop();
}

Lookups::Host& Lookups::host_of(const Repository& repository) {
  const auto at = hosts_.find(repository.host());
  if (at != hosts_.end()) return *at->second;
  auto host = std::make_unique<Host>();
  host->name = std::string(repository.host());
  return *hosts_.emplace(host->name, std::move(host)).first->second;
}

void Lookups::schedule(Host& host, const std::shared_ptr<Entry>& entry, SteadyTime due) {
  host.queue.emplace(due, entry);
  const bool more = host.threads.size() < host.queue.size() + host.asking;
  if (more && host.threads.size() < kThreadsPerHost && !stopping_) {
    host.threads.emplace_back([this, &host](const std::stop_token& stop) { work(host, stop); });
  }
  host.changed.notify_one();
}

bool Lookups::is_current(const std::shared_ptr<Entry>& entry) const {
  const auto repository = entries_.find(entry->question.repository);
  if (repository == entries_.end()) return false;
  const auto tag = repository->second.find(entry->question.tag);
  return tag != repository->second.end() && tag->second == entry;
}

Lookups::Reply Lookups::ask(const LookupQuestion& question) {
  if (resolver_ == nullptr) return {std::nullopt, "registries cannot be asked here"};
  const std::lock_guard lock(mutex_);
  auto& tags = entries_[question.repository];
  auto& entry = tags[question.tag];
  if (entry && entry->question.seq == question.seq) {
    if (entry->answer) {
      Reply reply{std::move(entry->answer), {}};
      tags.erase(question.tag);
      return reply;
    }
  } else {
    // Whoever is asking for the entry that stood here finds that it is no longer the current one.
    entry = std::make_shared<Entry>(Entry{question, 0, 0, 0, {}, {}});
    schedule(host_of(question.repository), entry, steady_clock::now());
  }
  const std::string host(question.repository.host());
  if (!entry->error.empty()) return {std::nullopt, entry->error};
  return {std::nullopt, host + " is asked which image " + question.tag.str() + " names"};
}

void Lookups::keep_only(const Repository& repository, const std::set<Tag>& tags) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(repository);
  if (at == entries_.end()) return;
  std::erase_if(at->second, [&](const auto& entry) { return !tags.contains(entry.first); });
  if (at->second.empty()) entries_.erase(at);
}

void Lookups::retry_all() {
  const std::lock_guard lock(mutex_);
  ++retries_;
  for (const auto& [name, host] : hosts_) {
    host->failures = 0;
    host->not_before = {};
    std::multimap<SteadyTime, std::shared_ptr<Entry>> queue;
    for (const auto& [due, entry] : host->queue)
      queue.emplace(entry->error.empty() ? due : steady_clock::now(), entry);
    host->queue = std::move(queue);
    host->changed.notify_all();
  }
}

std::size_t Lookups::waiting() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [repository, tags] : entries_)
    count += tags.size();
  return count;
}

void Lookups::stop() {
  std::vector<std::jthread> threads;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, host] : hosts_) {
      for (std::jthread& thread : host->threads) {
        thread.request_stop();
        threads.push_back(std::move(thread));
      }
      host->threads.clear();
    }
    if (!stopping_ && resolver_ != nullptr) resolver_->stop();
    stopping_ = true;
  }
}

// The next entry to ask about; null once stop is requested. What is outdated is left out.
std::shared_ptr<Lookups::Entry> Lookups::next(Host& host, std::unique_lock<std::mutex>& lock,
                                              const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    while (!host.queue.empty() && !is_current(host.queue.begin()->second))
      host.queue.erase(host.queue.begin());
    // One at a time is enough to see whether it is back.
    const bool may_ask = host.failures == 0 || host.asking == 0;
    if (host.queue.empty() || !may_ask) {
      host.changed.wait(lock, stop, [&] {
        return !host.queue.empty() && (host.failures == 0 || host.asking == 0);
      });
      continue;
    }
    const SteadyTime due = std::max(host.queue.begin()->first, host.not_before);
    if (due <= steady_clock::now()) {
      auto entry = host.queue.begin()->second;
      host.queue.erase(host.queue.begin());
      return entry;
    }
    const auto seen = host.queue.begin()->first;
    const auto until = host.not_before;
    host.changed.wait_until(lock, stop, due, [&] {
      return host.queue.empty() || host.queue.begin()->first != seen || host.not_before != until;
    });
  }
  return nullptr;
}

void Lookups::work(Host& host, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (const auto entry = next(host, lock, stop)) {
    ++host.asking;
    entry->retries = retries_;
    const Repository repository = entry->question.repository;
    const Tag tag = entry->question.tag;
    lock.unlock();
    const Result<Digest> result = resolver_->resolve(repository, tag);
    lock.lock();
    --host.asking;
    if (stop.stop_requested()) return;  // our own end is no fault of the registry
    const bool news = is_current(entry) && settle(host, entry, result);
    const bool failed = news && !entry->answer;
    host.changed.notify_all();
    if (!news) continue;
    lock.unlock();
    if (failed && !result) hooks_.on_failure(repository, tag, result.error());
    hooks_.on_news(repository);
    lock.lock();
  }
}

bool Lookups::settle(Host& host, const std::shared_ptr<Entry>& entry,
                     const Result<Digest>& result) {
  if (!result && result.error().code != Errc::not_found) {
    return settle_failure(host, entry, result.error());
  }
  host.failures = 0;
  const auto digest = result ? std::optional(*result) : std::nullopt;
  const LookupQuestion& question = entry->question;
  if (may_be_early(question, digest) && entry->early < kEarly.size()) {
    schedule(host, entry, steady_clock::now() + kEarly[entry->early++]);
    return false;
  }
  entry->answer = LookupAnswer{digest, note_on(question, digest)};
  return true;
}

bool Lookups::settle_failure(Host& host, const std::shared_ptr<Entry>& entry, const Error& error) {
  const SteadyTime now = steady_clock::now();
  const bool silent = error.code == Errc::unavailable || error.code == Errc::busy;
  if (entry->retries != retries_) {
    schedule(host, entry, now);
  } else if (silent) {
    ++host.failures;
    const auto demanded = resolver_->busy_until(host.name);
    host.not_before =
        demanded ? *demanded : now + doubled(kFirstPause, host.failures, kLongestPause);
    schedule(host, entry, host.not_before);
  } else {
    host.failures = 0;
    schedule(host, entry, now + doubled(kFirstRefusal, ++entry->refusals, kLongestRefusal));
  }
  return std::exchange(entry->error, error.message) != error.message;
}

}  // namespace longshore
