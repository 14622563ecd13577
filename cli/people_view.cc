// SPDX-License-Identifier: Apache-2.0
#include "cli/people_view.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/json_members.h"
#include "cli/output.h"

namespace longshore {
namespace {

std::string workload_of(const Json& object) {
  return object.at("target").get<std::string>() + ": " + object.at("workload").get<std::string>();
}

std::string hold_lines(std::string_view body, const std::string& said) {
  const Json document = Json::parse(body);
  std::string out;
  for (const Json& hold : document.at("holds")) {
    std::string workload = workload_of(hold);
    if (hold.contains("container")) workload += " " + hold.at("container").get<std::string>();
    out += workload + said + held_image(hold) + "\n";
  }
  return printable(out);
}

Colour colour_of(const std::string& decision) {
  if (decision == "update") return Colour::green;
  return decision == "wait" ? Colour::yellow : Colour::none;
}

std::string candidates_text(const Json& planned) {
  if (!planned.contains("candidates")) return "";
  Table table({"  TAG", "", "WHY"});
  for (const Json& candidate : planned.at("candidates")) {
    table.add({"  " + candidate.at("tag").get<std::string>(),
               candidate.at("wins").get<bool>() ? "wins" : "",
               candidate.at("why").get<std::string>()});
  }
  return table.empty() ? "" : table.str();
}

// "update  prod: web app  acme/app:1.4.2 -> acme/app:1.4.3  1.4.3 is the highest …"
std::string planned_text(const Json& planned) {
  const auto decision = planned.at("decision").get<std::string>();
  std::string change = planned.at("image").get<std::string>();
  if (planned.contains("to")) change += " -> " + planned.at("to").get<std::string>();
  std::string reason = planned.at("reason").get<std::string>();
  if (planned.at("observed").get<bool>()) reason += "; the target is only observed";
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  const std::string word =
      printable(decision) + std::string(decision.size() < 6 ? 6 - decision.size() : 0, ' ');
  return coloured(word, colour_of(decision)) +
         printable("  " + workload_of(planned) + " " + planned.at("container").get<std::string>() +
                   "  " + change + "  " + reason) +
         "\n" + candidates_text(planned);
}

}  // namespace

std::string pause_text(std::string_view body) {
  return printable(place_name(Json::parse(body)) +
                   ": nothing is changed until `longshore resume`\n");
}

std::string resume_text(std::string_view body) {
  const Json resumed = Json::parse(body);
  std::string out = place_name(resumed.at("ended")) + ": goes on\n";
  for (const Json& pause : resumed.at("still"))
    out += "still paused: " + place_name(pause) + ", by " + text_or(pause, "actor", "") + "\n";
  return printable(out);
}

std::string hold_text(std::string_view body) {
  return hold_lines(body, " will not get ");
}

std::string unhold_text(std::string_view body) {
  return hold_lines(body, " may get again ");
}

std::string plan_text(std::string_view body) {
  const Json document = Json::parse(body);
  std::string out;
  for (const Json& planned : document.at("plan"))
    out += planned_text(planned);
  if (out.empty()) out = "no workloads\n";
  const auto left_out = document.at("left_out").get<std::uint64_t>();
  if (left_out > 0) {
    out += std::to_string(left_out) + " more containers: name a workload or a --target\n";
  }
  for (const Json& target : document.at("unsynced")) {
    out += printable("target " + target.get<std::string>() +
                     " has not been read completely yet: it is planned only in part\n");
  }
  return out;
}

std::string replay_text(std::string_view body) {
  const Json replayed = Json::parse(body);
  const auto id = replayed.at("id").get<std::string>();
  return printable("event " + replayed.at("replayed").get<std::string>() + " is accepted anew as " +
                   id + ": `longshore audit --event " + id + "`\n");
}

std::string rollback_text(std::string_view body) {
  const Json made = Json::parse(body);
  std::string out =
      workload_of(made.at("action")) + " goes back, " + changes_of(made.at("action")) + "\n";
  for (const Json& hold : made.at("holds"))
    out += held_image(hold) + " is held until `longshore unhold`\n";
  return printable(out);
}

}  // namespace longshore
