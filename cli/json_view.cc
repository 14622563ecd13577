// SPDX-License-Identifier: Apache-2.0
#include "cli/json_view.h"

#include <algorithm>

#include "cli/json_parts.h"
#include "cli/output.h"

namespace longshore {
namespace {

// "app: shop/web:1.4.2 -> shop/web:1.4.3" for each container.
std::string changes_of(const Json& action) {
  std::string out;
  for (const Json& change : action.at("changes")) {
    if (!out.empty()) out += ", ";
    out += change.at("container").get<std::string>() + ": " + change.at("from").get<std::string>() +
           " -> " + change.at("to").get<std::string>();
  }
  return out;
}

// What a pause is about: "everything", "target prod" or "prod: web".
std::string place_name(const Json& pause) {
  if (!pause.contains("target")) return "everything";
  const auto target = pause.at("target").get<std::string>();
  if (!pause.contains("workload")) return "target " + target;
  return target + ": " + pause.at("workload").get<std::string>();
}

// "ghcr.io/acme/app:1.4.3 and below".
std::string held_image(const Json& hold) {
  std::string image = hold.at("repository").get<std::string>();
  if (hold.contains("tag")) image += ":" + hold.at("tag").get<std::string>();
  if (hold.contains("digest")) image += "@" + hold.at("digest").get<std::string>();
  return hold.at("and_below").get<bool>() ? image + " and below" : image;
}

std::string brief(const std::string& digest) {
  return digest.substr(0, 19);
}

std::string action_table(const Json& actions) {
  Table table({"ID", "STATE", "ATTEMPTS", "TARGET", "WORKLOAD", "CHANGE", "ERROR"});
  for (const Json& action : actions) {
    std::string state = action.at("state").get<std::string>();
    if (action.contains("due")) state += " at " + time_of(action, "due");
    table.add({action.at("id").get<std::string>(), state, count_of(action, "attempts"),
               action.at("target").get<std::string>(), action.at("workload").get<std::string>(),
               changes_of(action), text_or(action, "error", "")});
  }
  return table.str();
}

std::string targets_text(const Json& targets) {
  if (targets.empty()) return section("Targets", "none configured\n");
  Table table({"NAME", "TYPE", "STATE", "WORKLOADS"});
  std::string problems;
  for (const Json& target : targets) {
    const auto name = target.at("name").get<std::string>();
    std::string state = target.at("synced").get<bool>() ? "synced" : "not synced";
    if (target.contains("synced_at")) state += " at " + time_of(target, "synced_at");
    if (target.at("observed").get<bool>()) state += ", observed only";
    table.add({name, target.at("type").get<std::string>(), state, count_of(target, "workloads")});
    for (const Json& problem : target.at("problems")) {
      problems += printable(name + ": " + problem.get<std::string>()) + "\n";
    }
  }
  std::string out = section("Targets", table.str());
  return problems.empty() ? out : out + section("Problems", problems);
}

std::string waits_text(const Json& waits) {
  if (waits.empty()) return "";
  Table table({"TARGET", "IMAGE", "SINCE", "DUE", "WAITS FOR"});
  for (const Json& wait : waits) {
    std::string image = wait.at("repository").get<std::string>();
    if (wait.contains("tag")) image += ":" + wait.at("tag").get<std::string>();
    table.add({wait.at("target").get<std::string>(), std::move(image), time_of(wait, "since"),
               time_of(wait, "due"), wait.at("reason").get<std::string>()});
  }
  return section("Waiting", table.str());
}

// "sweep    12 repositories, 2 due, 31 done, 4 found, oldest 2026-03-01 12:00:00 UTC", and nothing
// where no registry is asked.
std::string sweep_line(const Json& sweep) {
  const auto repositories = sweep.at("repositories").get<std::uint64_t>();
  if (repositories == 0) return "";
  std::string line = "sweep    " + counted(repositories, "repository", "repositories") + ", " +
                     count_of(sweep, "waiting") + " due, " + count_of(sweep, "done") + " done, " +
                     count_of(sweep, "found") + " found";
  if (sweep.contains("oldest")) line += ", oldest " + time_of(sweep, "oldest") + " UTC";
  return printable(line) + "\n";
}

std::string failing_sweeps_text(const Json& failing) {
  if (failing.empty()) return "";
  Table table({"REPOSITORY", "SINCE", "DUE", "WHY"});
  for (const Json& sweep : failing) {
    table.add({sweep.at("repository").get<std::string>(), time_of(sweep, "since"),
               time_of(sweep, "due"), sweep.at("reason").get<std::string>()});
  }
  return section("Sweeps that fail", table.str());
}

std::string bad_policies_text(const Json& policies) {
  if (policies.empty()) return "";
  Table table({"TARGET", "WORKLOAD", "CONTAINER", "WHY"});
  for (const Json& bad : policies) {
    table.add({bad.at("target").get<std::string>(), bad.at("workload").get<std::string>(),
               text_or(bad, "container", ""), bad.at("message").get<std::string>()});
  }
  return section("Policies that cannot be used", table.str());
}

// All of them but the one on everything, which stands at the top.
std::string pauses_text(const Json& pauses) {
  Table table({"PAUSED", "BY", "SINCE", "WHY"});
  for (const Json& pause : pauses) {
    if (!pause.contains("target")) continue;
    table.add({place_name(pause), text_or(pause, "actor", ""), time_of(pause, "since"),
               text_or(pause, "reason", "")});
  }
  return table.empty() ? "" : section("Paused", table.str());
}

std::string holds_text(const Json& holds) {
  if (holds.empty()) return "";
  Table table({"TARGET", "WORKLOAD", "CONTAINER", "HELD", "BY", "SINCE", "WHY"});
  for (const Json& hold : holds) {
    table.add({hold.at("target").get<std::string>(), hold.at("workload").get<std::string>(),
               text_or(hold, "container", "all"), held_image(hold),
               text_or(hold, "actor", "longshore"), time_of(hold, "since"),
               hold.at("reason").get<std::string>()});
  }
  return section("Held", table.str());
}

// A line for the top where everything is paused.
std::string all_paused(const Json& pauses) {
  for (const Json& pause : pauses) {
    if (pause.contains("target")) continue;
    std::string line =
        "by " + text_or(pause, "actor", "") + " since " + time_of(pause, "since") + " UTC";
    if (pause.contains("reason")) line += ": " + pause.at("reason").get<std::string>();
    return coloured("everything is paused", Colour::yellow) + ", " + printable(line) + "\n";
  }
  return "";
}

std::string summary(const Json& status) {
  const bool accepting = status.at("accepting").get<bool>();
  std::string out =
      "longshore " + printable(text_or(status, "version", "")) + ", " +
      coloured(accepting ? "accepting" : "not accepting", accepting ? Colour::green : Colour::red);
  if (status.contains("fault")) out += ": " + printable(status.at("fault").get<std::string>());
  out += ", since " + printable(time_of(status, "started")) + " UTC\n";
  out += all_paused(status.at("pauses"));
  out += "events   " + count_of(status, "accepted") + " accepted, " +
         count_of(status, "duplicates") + " duplicates, " + count_of(status, "refused") +
         " refused, " + count_of(status, "backlog") + " not yet decided\n";
  std::string actions;
  for (const auto& [state, count] : status.at("actions").items()) {
    if (!actions.empty()) actions += ", ";
    actions += std::to_string(count.get<std::uint64_t>()) + " " + printable(state);
  }
  out += "actions  " + (actions.empty() ? "none" : actions) + "\n";
  return out + sweep_line(status.at("sweep"));
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

std::string status_text(std::string_view body) {
  const Json status = Json::parse(body);
  std::string out = summary(status) + targets_text(status.at("targets"));
  const Json& troubled = status.at("troubled");
  if (!troubled.empty()) out += section("Actions in trouble", action_table(troubled));
  out += rollouts_text(status.at("rollouts"));
  out += pauses_text(status.at("pauses")) + holds_text(status.at("holds"));
  out += waits_text(status.at("waits")) + failing_sweeps_text(status.at("sweep").at("failing"));
  return out + bad_policies_text(status.at("bad_policies"));
}

std::string actions_text(std::string_view body) {
  const Json actions = Json::parse(body).at("actions");
  return actions.empty() ? "no actions\n" : action_table(actions);
}

std::string history_text(std::string_view body) {
  const Json document = Json::parse(body);
  Table table({"TAG", "DIGEST", "SINCE", "UNTIL", "VERIFIED", "EVENT"});
  for (const Json& entry : document.at("history")) {
    table.add({entry.at("tag").get<std::string>(), brief(text_or(entry, "digest", "unknown")),
               time_of(entry, "since"), time_of(entry, "until"),
               entry.at("verified").get<bool>() ? "yes" : "no",
               entry.at("event").get<std::string>()});
  }
  return table.str();
}

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
