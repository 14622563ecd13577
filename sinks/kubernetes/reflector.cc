// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/reflector.h"

#include <algorithm>
#include <random>

#include <malloc.h>

#include "pipeline/outbox.h"
#include "pipeline/url_text.h"

namespace longshore {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kGrace{30'000};  // for the server to end a watch by itself
constexpr seconds kProbe{5};            // one watch, while it is not known whether watches work
constexpr int kGone = 410;

double random_below_one() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

// A list leaves behind pieces of everything that was read between the objects that stay; the system
// gets them back, which glibc does not do by itself.
void give_back_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

bool is_denied(int status) {
  return status == 401 || status == 403;
}

}  // namespace

ReflectorOptions reflector_options(KubeKind kind, const std::string& space) {
  std::string resource(plural_of(kind));
  resource.append(".").append(group_of(kind));
  return ReflectorOptions{.path = path_of(kind, space, {}),
                          .kind = kind,
                          .resource = std::move(resource),
                          .where = space.empty() ? "in all namespaces" : "in namespace " + space};
}

Reflector::Reflector(KubeApi& api, const Clock& clock, ReflectorOptions options,
                     ReflectorHooks hooks)
    : api_(api),
      clock_(clock),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      page_(options_.page) {}

Reflector::~Reflector() {
  stop();
}

void Reflector::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Reflector::stop() noexcept {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Reflector::retry_now() {
  const std::lock_guard lock(mutex_);
  retry_ = true;
  changed_.notify_all();
}

Reflector::State Reflector::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Reflector::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool compares = version_ != 0 && clock_.steady() >= compare_at_;
    const bool watches = version_ != 0 && !compares;
    const Attempt failure = watches ? watch(stop) : compares ? compare(stop) : list(stop);
    if (stop.stop_requested()) return;
    if (failure) {
      if (watches && !failure->message.empty()) watch_failed_ = true;
      if (!failure->message.empty()) set_trouble(failure->message, failure->refused);
      pause(*failure, stop);
    } else if (watches) {
      watch_works();
    } else if (!watch_failed_) {
      set_trouble({}, false);
    }
  }
}

// Ends a row of failures, which a list alone does not: it costs the server more than a watch.
void Reflector::watch_works() {
  failures_ = 0;
  watch_failed_ = false;
  set_trouble({}, false);
}

std::string Reflector::url(const std::string& query) const {
  std::string url = options_.path + "?" + query;
  if (!options_.labels.empty()) url += "&labelSelector=" + percent_encode(options_.labels);
  return url;
}

Reflector::Attempt Reflector::list(const std::stop_token& stop) {
  std::vector<KubeObjectPtr> objects;
  std::uint64_t version = 0;
  std::string next;
  do {
    std::string query = "limit=" + std::to_string(page_);
    if (!next.empty()) query += "&continue=" + percent_encode(next);
    auto answer = api_.call({.path = url(query)}, stop);
    if (!answer && answer.error().code == Errc::unsupported && page_ > 1) page_ /= 2;
    if (!answer) return Failure{answer.error().message};
    if (answer->status != 200) return refused("list", *answer);
    auto page = read_list_page(options_.kind, answer->body);
    if (!page)
      return Failure{"cannot read the list of " + options_.resource + ": " + page.error().message};
    if (version == 0) version = page->version;
    std::move(page->objects.begin(), page->objects.end(), std::back_inserter(objects));
    next = std::move(page->next);
  } while (!next.empty());
  hooks_.replace(std::move(objects), version);
  version_ = version;
  compare_at_ = clock_.steady() + std::max(options_.compare, seconds(1));
  set_synced();
  give_back_memory();
  return std::nullopt;
}

Reflector::Attempt Reflector::compare(const std::stop_token& stop) {
  const auto answer = api_.call({.path = url("limit=1")}, stop);
  if (!answer) return Failure{answer.error().message};
  if (answer->status != 200) return refused("list", *answer);
  const auto page = read_list_page(std::nullopt, answer->body);
  if (!page)
    return Failure{"cannot read the list of " + options_.resource + ": " + page.error().message};
  if (page->version < version_) lose();
  compare_at_ = clock_.steady() + std::max(options_.compare, seconds(1));
  return std::nullopt;
}

// As long as it may be, but not beyond the next comparison; of different lengths, so that many do
// not end together.
seconds Reflector::watch_time() const {
  if (watch_failed_) return kProbe;
  const auto jittered = options_.watch * (1 + random_below_one()) / 2;
  const auto left = std::chrono::duration<double>(compare_at_ - clock_.steady());
  const auto time = std::min<std::chrono::duration<double>>(jittered, left);
  return std::max(std::chrono::ceil<seconds>(time), seconds(1));
}

Reflector::Attempt Reflector::watch(const std::stop_token& stop) {
  const seconds time = watch_time();
  const SteadyTime begin = clock_.steady();
  Attempt failure;
  lines_ = 0;
  const auto answer = api_.stream(
      {.path = url("watch=1&allowWatchBookmarks=true&resourceVersion=" + std::to_string(version_) +
                   "&timeoutSeconds=" + std::to_string(time.count())),
       .timeout = time + kGrace},
      [&](std::string_view line) { return take(line, failure); }, stop);
  const auto lasted = clock_.steady() - begin;
  if (failure) return failure;
  if (answer && answer->status != 200) return refused("watch", *answer);
  // Ended before its time: the server may be another one, in another state, when it is back.
  if (!answer || lasted + seconds(1) < time) compare_at_ = clock_.steady();
  // A line that is too long would be sent again.
  if (!answer && answer.error().code == Errc::unsupported) version_ = 0;
  if (lines_ > 0 || lasted > 4 * options_.first_backoff) return std::nullopt;
  // One cut is nothing to tell of.
  return Failure{answer || failures_ == 0 ? std::string() : answer.error().message};
}

// False ends the watch.
bool Reflector::take(std::string_view line, Attempt& failure) {
  auto event = read_watch_event(options_.kind, line);
  if (!event) {
    version_ = 0;
    failure =
        Failure{"cannot read the watch of " + options_.resource + ": " + event.error().message};
    return false;
  }
  if (event->type == WatchEvent::Type::error) {
    failure = failed(event->failure, std::nullopt);
    return false;
  }
  if (++lines_ == 1) watch_works();
  if (event->object.version != 0) version_ = event->object.version;
  if (event->type == WatchEvent::Type::deleted) {
    hooks_.remove(event->object);
  } else if (event->type != WatchEvent::Type::bookmark) {
    hooks_.put(std::move(event->object));
  }
  return true;
}

Reflector::Attempt Reflector::refused(std::string_view verb, const KubeAnswer& answer) {
  const KubeFailure failure = read_failure(answer.status, answer.body);
  if (answer.status == 404) {
    return Failure{"there are no " + options_.resource + " in this cluster", {}, true};
  }
  if (!is_denied(answer.status)) return failed(failure, answer.retry_after);
  const std::string what = options_.resource.substr(0, options_.resource.find('.')) +
                           (options_.where.empty() ? "" : " " + options_.where);
  const std::string right = "needs list and watch on " + options_.resource;
  if (answer.status == 403) {
    return Failure{"may not " + std::string(verb) + " " + what + ": " + right, {}, true};
  }
  return Failure{"may not " + std::string(verb) + " " + what +
                     ": the API server does not accept our credentials (401)",
                 {},
                 true};
}

Reflector::Attempt Reflector::failed(const KubeFailure& failure,
                                     std::optional<milliseconds> retry_after) {
  if (failure.is_ahead) {
    lose();
    return Failure{{}, retry_after};
  }
  if (failure.code == kGone) {
    version_ = 0;
    return Failure{{}, retry_after};
  }
  const std::string words = failure.message.empty() ? "" : ": " + failure.message;
  return Failure{"the API server answers " + std::to_string(failure.code) + " for " +
                     options_.resource + words,
                 retry_after};
}

void Reflector::lose() {
  version_ = 0;
  {
    const std::lock_guard lock(mutex_);
    state_.synced = false;
  }
  hooks_.forget();
}

void Reflector::set_synced() {
  {
    const std::lock_guard lock(mutex_);
    state_.synced = true;
    state_.synced_at = clock_.now();
  }
  hooks_.synced();
}

void Reflector::set_trouble(const std::string& message, bool refused) {
  {
    const std::lock_guard lock(mutex_);
    state_.refused = refused;
    if (state_.trouble == message) return;
    state_.trouble = message;
  }
  hooks_.trouble(message);
}

void Reflector::pause(const Failure& failure, const std::stop_token& stop) {
  ++failures_;
  milliseconds wait =
      backoff(failures_, options_.first_backoff, options_.max_backoff, random_below_one());
  if (failure.retry_after) wait = std::max(wait, *failure.retry_after);
  if (failure.refused) wait = std::max(wait, milliseconds(options_.refused));
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, wait, [this] { return retry_; });
  retry_ = false;
}

}  // namespace longshore
