// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/event_sender.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "pipeline/log.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostMessage = 1'000;  // bytes; the API server takes 1,024 characters

// RFC 3339 without fractions: what metav1.Time has.
std::string whole_seconds(Time time) {
  return format_time(time).substr(0, 19) + "Z";
}

}  // namespace

KubeCall event_request(const KubeNote& note) {
  const KubeObject& object = *note.object;
  const std::string at = whole_seconds(note.at);
  const bool is_warning = note.type == KubeNote::Type::warning;
  const Json event{{"apiVersion", "v1"},
                   {"kind", "Event"},
                   {"metadata", {{"generateName", object.name + "."}, {"namespace", object.space}}},
                   {"involvedObject",
                    {{"apiVersion", std::string(group_of(object.kind)) + "/v1"},
                     {"kind", name_of(object.kind)},
                     {"namespace", object.space},
                     {"name", object.name},
                     {"uid", object.uid},
                     {"resourceVersion", std::to_string(object.version)}}},
                   {"type", is_warning ? "Warning" : "Normal"},
                   {"reason", note.reason},
                   {"message", cut_text(note.message, kMostMessage)},
                   {"source", {{"component", "longshore"}}},
                   {"firstTimestamp", at},
                   {"lastTimestamp", at},
                   {"count", 1}};
  return {.method = "POST",
          .path = "/api/v1/namespaces/" + object.space + "/events",
          .body = event.dump(-1, ' ', false, Json::error_handler_t::replace),
          .content_type = "application/json"};
}

EventSender::EventSender(KubeApi& api, KubeRights& rights, const Clock& clock,
                         EventSenderOptions options)
    : api_(api), rights_(rights), clock_(clock), options_(options) {}

EventSender::~EventSender() {
  stop();
}

void EventSender::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void EventSender::stop() noexcept {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void EventSender::send(KubeNote note) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= options_.capacity_events) {
    ++dropped_;
    return;
  }
  last_added_ = clock_.steady();
  if (queue_.empty()) first_added_ = last_added_;
  queue_.push_back(std::move(note));
  changed_.notify_all();
}

std::uint64_t EventSender::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void EventSender::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !queue_.empty(); }) && !stop.stop_requested()) {
    const SteadyTime due = std::min(last_added_ + options_.settle, first_added_ + options_.most);
    const auto rest = due - clock_.steady();
    if (rest > rest.zero()) {
      changed_.wait_for(lock, stop, rest, [] { return false; });
      continue;
    }
    const KubeNote note = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const bool failed = !make(note, stop);
    lock.lock();
    if (failed) ++dropped_;
    if (queue_.empty() && dropped_ > told_) tell();
    changed_.wait_for(lock, stop, options_.spacing, [] { return false; });
  }
}

void EventSender::tell() {
  log(LogLevel::warning, "kubernetes", "Events for people were not sent",
      {{"number", std::to_string(dropped_ - told_)}});
  told_ = dropped_;
}

// False: it failed. What is refused is told by the rights.
bool EventSender::make(const KubeNote& note, const std::stop_token& stop) {
  const std::string right = "create events in namespace " + note.object->space;
  const auto answer = api_.call(event_request(note), stop);
  if (!answer) return false;
  if (answer->status == 201) {
    rights_.granted(KubeFeature::events, right);
    return true;
  }
  const Error error = kube_error(*answer);
  if (error.code != Errc::unauthorized) return false;
  rights_.refused(KubeFeature::events, right, error.message);
  return true;
}

}  // namespace longshore
