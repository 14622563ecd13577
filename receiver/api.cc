// SPDX-License-Identifier: Apache-2.0
#include "receiver/api.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "pipeline/json_text.h"
#include "pipeline/url_text.h"
#include "receiver/api_json.h"
#include "receiver/api_people.h"
#include "receiver/api_request.h"
#include "receiver/metrics_text.h"
#include "receiver/replies.h"

namespace longshore {
namespace {

constexpr std::string_view kApi = "/api/v1/";
constexpr std::string_view kActions = "actions/";
constexpr std::string_view kRetry = "/retry";
constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMaxLimit = 1000;
constexpr std::array kStates = {
    ActionState::ready, ActionState::in_flight, ActionState::waiting,    ActionState::done,
    ActionState::dead,  ActionState::parked,    ActionState::superseded, ActionState::conflicted};

HttpReply not_found() {
  return error_reply(404, "there is nothing at this path");
}

Result<std::size_t> limit_of(const HttpRequest& request) {
  const auto text = form_value(request.query, "limit", Plus::space);
  if (!text) return kDefaultLimit;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit == 0 ||
      limit > kMaxLimit) {
    return Error{Errc::invalid_input, "limit: expected a number from 1 to 1000"};
  }
  return limit;
}

Result<std::optional<ActionState>> state_of(const HttpRequest& request) {
  auto text = form_value(request.query, "state", Plus::space);
  if (!text) return std::optional<ActionState>();
  std::replace(text->begin(), text->end(), '-', ' ');  // easier to type in a shell
  std::string known;
  for (const ActionState state : kStates) {
    if (name_of(state) == *text) return std::optional(state);
    known += (known.empty() ? "" : ", ") + std::string(name_of(state));
  }
  return Error{Errc::invalid_input, "state: expected one of " + known};
}

}  // namespace

HttpReply ApiHandler::handle(const HttpRequest& request) const {
  const std::string_view path = request.path;
  if (surface_ == Surface::control_socket && path.starts_with(kApi)) {
    return control_api(request, path.substr(kApi.size()));
  }
  if (path != "/healthz" && path != "/readyz" && path != "/metrics") return not_found();
  if (!is_read(request)) return wrong_method("GET");
  if (path == "/healthz") return json_reply(200, "{\"alive\":true}\n");
  return path == "/readyz" ? ready() : metrics();
}

HttpReply ApiHandler::ready() const {
  const StatusReport report = control_.status();
  if (report.accepting) return json_reply(200, "{\"accepting\":true}\n");
  std::string body = "{\"accepting\":false,\"fault\":";
  append_json_string(body, report.fault);
  return json_reply(503, body + "}\n");
}

HttpReply ApiHandler::metrics() const {
  HttpReply reply;
  reply.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  reply.body = to_prometheus(control_.metrics());
  return reply;
}

HttpReply ApiHandler::control_api(const HttpRequest& request, std::string_view path) const {
  if (path.starts_with(kActions) && path.ends_with(kRetry) &&
      path.size() > kActions.size() + kRetry.size()) {
    if (request.method != "POST") return wrong_method("POST");
    path.remove_prefix(kActions.size());
    path.remove_suffix(kRetry.size());
    return retry(request, path);
  }
  if (auto reply = answer_people(control_.people(), request, path)) return *std::move(reply);
  const bool known =
      path == "status" || path == "actions" || path == "history" || path == "audit/head";
  if (!known) return not_found();
  if (!is_read(request)) return wrong_method("GET");
  if (path == "status") return json_reply(200, to_json(control_.status()));
  if (path == "actions") return actions(request);
  if (path == "history") return history(request);
  return json_reply(200, to_json(control_.audit_head()));
}

HttpReply ApiHandler::actions(const HttpRequest& request) const {
  const auto state = state_of(request);
  if (!state) return failed(state.error());
  const auto limit = limit_of(request);
  if (!limit) return failed(limit.error());
  const auto found = control_.actions(*state, *limit);
  return found ? json_reply(200, to_json(*found)) : failed(found.error());
}

HttpReply ApiHandler::retry(const HttpRequest& request, std::string_view text) const {
  const auto id = ActionId::parse(text);
  if (!id) return failed(id.error());
  const Status done = control_.retry_action(*id, actor_of(request));
  if (!done) return failed(done.error());
  return json_reply(200, "{\"id\":\"" + id->str() + "\"}\n");
}

HttpReply ApiHandler::history(const HttpRequest& request) const {
  const auto image = form_value(request.query, "image", Plus::space);
  if (!image) return error_reply(400, "image: expected the name of an image");
  const auto reference = ImageRef::parse(*image);
  if (!reference) return failed(reference.error());
  const auto limit = limit_of(request);
  if (!limit) return failed(limit.error());
  const Repository& repository = reference->repository();
  const auto& tag = reference->tag();
  auto found = control_.history(repository, tag ? kMaxLimit : *limit);
  if (!found) return failed(found.error());
  if (tag) std::erase_if(*found, [&](const HistoryEntry& entry) { return entry.tag != *tag; });
  if (found->size() > *limit)
    found->erase(found->begin() + static_cast<std::ptrdiff_t>(*limit), found->end());
  return json_reply(200, to_json(repository, *found));
}

}  // namespace longshore
