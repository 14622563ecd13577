// SPDX-License-Identifier: Apache-2.0
#include "receiver/api_json.h"

#include <nlohmann/json.hpp>

#include "pipeline/crypto.h"

namespace longshore {
namespace {

// Members keep the order in which they are written here.
using Json = nlohmann::ordered_json;

template <class T>
void put_text(Json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = std::string(value->str());
}

void put_time(Json& json, const char* name, const std::optional<Time>& value) {
  if (value) json[name] = format_time(*value);
}

void put_unless_empty(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

template <class T>
Json list_of(const std::vector<T>& items, Json (*describe)(const T&)) {
  Json list = Json::array();
  for (const T& item : items)
    list.push_back(describe(item));
  return list;
}

Json describe(const ContainerChange& change) {
  Json json{{"container", change.container}, {"from", change.from.str()}, {"to", change.to.str()}};
  put_text(json, "from_digest", change.from_digest);
  return json;
}

Json describe(const Action& action) {
  Json json{{"id", action.id.str()},
            {"target", action.target},
            {"workload", action.workload},
            {"repository", action.repository.str()},
            {"changes", list_of<ContainerChange>(action.changes, describe)},
            {"event", action.event.str()},
            {"seq", action.seq},
            {"reason", action.reason},
            {"state", name_of(action.state)},
            {"attempts", action.attempts},
            {"created", format_time(action.created)}};
  if (action.state == ActionState::waiting) json["due"] = format_time(action.due);
  put_unless_empty(json, "error", action.error);
  return json;
}

Json describe(const RolloutPart& part) {
  Json json{{"container", part.container}, {"to", part.to.str()}};
  put_text(json, "digest", part.digest);
  put_text(json, "back", part.back);
  put_text(json, "back_digest", part.back_digest);
  return json;
}

Json describe(const Rollout& rollout) {
  Json json{{"id", rollout.id.str()},       {"target", rollout.target},
            {"workload", rollout.workload}, {"repository", rollout.repository.str()},
            {"event", rollout.event.str()}, {"state", name_of(rollout.state)},
            {"way_back", rollout.way_back}, {"started", format_time(rollout.started)}};
  put_time(json, "ended", rollout.ended);
  put_unless_empty(json, "progress", rollout.progress);
  put_unless_empty(json, "reason", rollout.reason);
  json["containers"] = list_of<RolloutPart>(rollout.parts, describe);
  return json;
}

Json describe(const TargetStatus& target) {
  Json json{{"name", target.name},           {"type", target.type},
            {"synced", target.state.synced}, {"workloads", target.state.workloads},
            {"observed", target.observed},   {"problems", target.state.problems}};
  put_time(json, "synced_at", target.state.synced_at);
  return json;
}

Json describe(const Wait& wait) {
  Json json{{"target", wait.target},
            {"repository", wait.repository.str()},
            {"reason", wait.reason},
            {"since", format_time(wait.since)}};
  if (wait.tag) json["tag"] = wait.tag->str();
  put_time(json, "due", wait.due);
  return json;
}

Json describe(const SweepStatus& sweep) {
  Json json{{"repositories", sweep.repositories},
            {"waiting", sweep.waiting},
            {"done", sweep.done},
            {"found", sweep.found}};
  put_time(json, "oldest", sweep.oldest);
  json["failing"] = list_of<Wait>(sweep.failing, describe);
  return json;
}

Json describe(const BadPolicy& bad) {
  Json json{{"target", bad.target}, {"workload", bad.workload}};
  put_unless_empty(json, "container", bad.container);
  json["message"] = bad.message;
  return json;
}

Json describe(const HistoryEntry& entry) {
  Json json{{"tag", entry.tag.str()}};
  put_text(json, "digest", entry.digest);
  json["since"] = format_time(entry.since);
  put_time(json, "until", entry.until);
  json["event"] = entry.event.str();
  json["seq"] = entry.seq;
  json["verified"] = entry.verified;
  return json;
}

Json describe(const Pause& pause) {
  Json json = Json::object();
  put_unless_empty(json, "target", pause.target);
  put_unless_empty(json, "workload", pause.workload);
  put_unless_empty(json, "reason", pause.reason);
  json["actor"] = pause.actor;
  json["since"] = format_time(pause.since);
  return json;
}

Json describe(const Hold& hold) {
  Json json{{"target", hold.target}, {"workload", hold.workload}};
  put_unless_empty(json, "container", hold.container);
  json["repository"] = hold.repository.str();
  put_text(json, "tag", hold.tag);
  put_text(json, "digest", hold.digest);
  json["and_below"] = hold.and_below;
  json["reason"] = hold.reason;
  put_unless_empty(json, "actor", hold.actor);
  json["since"] = format_time(hold.since);
  return json;
}

Json describe(const Verdicts::Line& line) {
  return {{"tag", line.tag.str()}, {"wins", line.wins}, {"why", line.why}};
}

Json describe(const PlannedContainer& planned) {
  Json json{{"target", planned.target},
            {"workload", planned.workload},
            {"container", planned.container},
            {"image", planned.image.str()},
            {"decision", planned.decision}};
  put_unless_empty(json, "to", planned.to);
  json["reason"] = planned.reason;
  json["observed"] = planned.observed;
  return json;
}

// Text that is not UTF-8 (a folder's name may be anything) must not take the answer with it.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_json(const StatusReport& report) {
  Json json{{"version", LONGSHORE_VERSION},
            {"started", format_time(report.started)},
            {"accepting", report.accepting}};
  put_unless_empty(json, "fault", report.fault);
  json["accepted"] = report.accepted;
  json["duplicates"] = report.duplicates;
  json["refused"] = report.refused;
  json["backlog"] = report.backlog;
  json["durable"] = report.durable;
  json["targets"] = list_of<TargetStatus>(report.targets, describe);
  json["actions"] = Json::object();
  for (const auto& [state, count] : report.actions)
    json["actions"][state] = count;
  json["troubled"] = list_of<Action>(report.troubled, describe);
  json["rollouts"] = list_of<Rollout>(report.rollouts, describe);
  json["waits"] = list_of<Wait>(report.waits, describe);
  json["sweep"] = describe(report.sweep);
  json["bad_policies"] = list_of<BadPolicy>(report.bad_policies, describe);
  json["pauses"] = list_of<Pause>(report.pauses, describe);
  json["holds"] = list_of<Hold>(report.holds, describe);
  return text_of(json);
}

std::string to_json(const std::vector<Action>& actions) {
  return text_of(Json{{"actions", list_of<Action>(actions, describe)}});
}

std::string to_json(const Repository& repository, const std::vector<HistoryEntry>& history) {
  return text_of(Json{{"repository", repository.str()},
                      {"history", list_of<HistoryEntry>(history, describe)}});
}

std::string to_json(const AuditHead& head) {
  return text_of(Json{{"lines", head.lines}, {"hash", to_hex(as_bytes(head.hash))}});
}

std::string to_json(const Pause& pause) {
  return text_of(describe(pause));
}

std::string to_json(const Resumed& resumed) {
  return text_of(
      Json{{"ended", describe(resumed.ended)}, {"still", list_of<Pause>(resumed.still, describe)}});
}

std::string to_json(const std::vector<Hold>& holds) {
  return text_of(Json{{"holds", list_of<Hold>(holds, describe)}});
}

std::string to_json(const RolledBack& made) {
  return text_of(
      Json{{"action", describe(made.action)}, {"holds", list_of<Hold>(made.holds, describe)}});
}

std::string to_json(const Progress& progress) {
  Json json{{"state", name_of(progress.state)}};
  put_unless_empty(json, "detail", progress.detail);
  json["actions"] = list_of<Action>(progress.actions, describe);
  json["rollouts"] = list_of<Rollout>(progress.rollouts, describe);
  return text_of(json);
}

std::string to_json(const Plan& plan, PlanDetail detail) {
  Json list = Json::array();
  for (const PlannedContainer& planned : plan.containers) {
    Json json = describe(planned);
    if (detail == PlanDetail::candidates) {
      json["candidates"] = list_of<Verdicts::Line>(planned.candidates, describe);
    }
    list.push_back(std::move(json));
  }
  return text_of(
      Json{{"plan", std::move(list)}, {"left_out", plan.left_out}, {"unsynced", plan.unsynced}});
}

}  // namespace longshore
