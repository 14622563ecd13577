// SPDX-License-Identifier: Apache-2.0
#include "receiver/api_people.h"

#include <algorithm>
#include <array>
#include <span>

#include "receiver/api_json.h"
#include "receiver/api_request.h"
#include "receiver/replies.h"

namespace longshore {
namespace {

constexpr std::string_view kEvents = "events/";
constexpr std::string_view kReplay = "/replay";

Scope scope_of(const HttpRequest& request) {
  return {parameter(request, "workload"), parameter(request, "target")};
}

HoldRequest hold_of(const HttpRequest& request) {
  return {scope_of(request), parameter(request, "ref"), parameter(request, "container"),
          parameter(request, "reason")};
}

template <class T>
HttpReply answer(const Result<T>& result) {
  return result ? json_reply(200, to_json(*result)) : failed(result.error());
}

HttpReply pause(PeopleControl& people, const HttpRequest& request) {
  return answer(people.pause(scope_of(request), parameter(request, "reason"), actor_of(request)));
}

HttpReply resume(PeopleControl& people, const HttpRequest& request) {
  return answer(people.resume(scope_of(request), actor_of(request)));
}

HttpReply hold(PeopleControl& people, const HttpRequest& request) {
  const HoldRequest wanted = hold_of(request);
  if (wanted.reference.empty())
    return error_reply(400, "ref: expected a tag, a digest or an image");
  return answer(people.hold(wanted, actor_of(request)));
}

HttpReply unhold(PeopleControl& people, const HttpRequest& request) {
  return answer(people.unhold(hold_of(request), actor_of(request)));
}

HttpReply rollback(PeopleControl& people, const HttpRequest& request) {
  return answer(people.rollback(scope_of(request), parameter(request, "to"), actor_of(request)));
}

HttpReply plan(PeopleControl& people, const HttpRequest& request) {
  const auto detail =
      parameter(request, "why") == "true" ? PlanDetail::candidates : PlanDetail::decisions;
  const auto made = people.plan(scope_of(request));
  return made ? json_reply(200, to_json(*made, detail)) : failed(made.error());
}

HttpReply progress(PeopleControl& people, const HttpRequest& request) {
  const std::string of = parameter(request, "of");
  if (of.empty()) return error_reply(400, "of: expected the id of an event, or an image");
  return answer(people.progress_of(of));
}

struct Order {
  std::string_view path;
  const char* method;  // GET stands for HEAD, too
  HttpReply (*give)(PeopleControl& people, const HttpRequest& request);
  std::span<const std::string_view> parameters;
};
constexpr std::array<std::string_view, 3> kPause = {"workload", "target", "reason"};
constexpr std::array<std::string_view, 2> kResume = {"workload", "target"};
constexpr std::array<std::string_view, 5> kHold = {"workload", "target", "ref", "container",
                                                   "reason"};
constexpr std::array<std::string_view, 4> kUnhold = {"workload", "target", "ref", "container"};
constexpr std::array<std::string_view, 3> kPlan = {"workload", "target", "why"};
constexpr std::array<std::string_view, 3> kRollback = {"workload", "target", "to"};
constexpr std::array<std::string_view, 1> kProgress = {"of"};
constexpr std::array<Order, 7> kOrders = {{{"pause", "POST", pause, kPause},
                                           {"resume", "POST", resume, kResume},
                                           {"hold", "POST", hold, kHold},
                                           {"unhold", "POST", unhold, kUnhold},
                                           {"plan", "GET", plan, kPlan},
                                           {"progress", "GET", progress, kProgress},
                                           {"rollback", "POST", rollback, kRollback}}};

// As with a notification: no 2xx before it is on the disk.
HttpReply replay(PeopleControl& people, const HttpRequest& request, std::string_view text) {
  const auto id = EventId::parse(text);
  if (!id) return failed(id.error());
  const auto accepted = people.replay(*id, actor_of(request));
  if (!accepted) return failed(accepted.error());
  HttpReply reply = json_reply(
      200, "{\"id\":\"" + accepted->id.str() + "\",\"replayed\":\"" + id->str() + "\"}\n");
  reply.durable_after = accepted->durable_after;
  return reply;
}

}  // namespace

std::optional<HttpReply> answer_people(PeopleControl& people, const HttpRequest& request,
                                       std::string_view path) {
  if (path.starts_with(kEvents) && path.ends_with(kReplay) &&
      path.size() > kEvents.size() + kReplay.size()) {
    if (request.method != "POST") return wrong_method("POST");
    path.remove_prefix(kEvents.size());
    path.remove_suffix(kReplay.size());
    return replay(people, request, path);
  }
  const auto order =
      std::ranges::find_if(kOrders, [&](const Order& known) { return known.path == path; });
  if (order == kOrders.end()) return std::nullopt;
  const std::string_view method = is_read(request) ? "GET" : request.method;
  if (method != order->method) return wrong_method(order->method);
  const Status parameters = check_parameters(request, order->parameters);
  return parameters ? order->give(people, request) : failed(parameters.error());
}

}  // namespace longshore
