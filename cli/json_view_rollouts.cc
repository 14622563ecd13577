// SPDX-License-Identifier: Apache-2.0
#include "cli/json_parts.h"
#include "cli/json_view.h"
#include "cli/output.h"

namespace longshore {
namespace {

// "app: shop/web:1.4.3, proxy: envoy:1.30"
std::string images_of(const Json& rollout) {
  std::string out = rollout.at("way_back").get<bool>() ? "back to " : "";
  std::string_view separator;
  for (const Json& part : rollout.at("containers")) {
    out += std::string(separator) + part.at("container").get<std::string>() + ": " +
           part.at("to").get<std::string>();
    separator = ", ";
  }
  return out;
}

Colour colour_of_state(const std::string& state) {
  if (state == "completed") return Colour::green;
  return state == "failed" ? Colour::red : Colour::yellow;
}

}  // namespace

std::string rollouts_text(const Json& rollouts) {
  if (rollouts.empty()) return "";
  Table table({"TARGET", "WORKLOAD", "IMAGE", "STATE", "SINCE", "HOW FAR, OR WHY"});
  for (const Json& rollout : rollouts) {
    table.add({rollout.at("target").get<std::string>(), rollout.at("workload").get<std::string>(),
               images_of(rollout), rollout.at("state").get<std::string>(),
               time_of(rollout, rollout.contains("ended") ? "ended" : "started"),
               text_or(rollout, "reason", text_or(rollout, "progress", ""))});
  }
  return section("Rollouts", table.str());
}

ProgressView progress_view(std::string_view body) {
  const Json progress = Json::parse(body);
  ProgressView view;
  view.state = progress.at("state").get<std::string>();
  view.detail = printable(text_or(progress, "detail", ""));
  const std::string word = printable(view.state);
  view.line = coloured(word, colour_of_state(word));
  if (!view.detail.empty()) {
    view.line += std::string(word.size() < 9 ? 9 - word.size() : 0, ' ') + "  " + view.detail;
  }
  return view;
}

}  // namespace longshore
