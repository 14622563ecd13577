// SPDX-License-Identifier: Apache-2.0
#include "cli/json_members.h"

namespace longshore {
namespace {

constexpr std::string_view kTime = "2026-03-01T12:00:00";

}  // namespace

std::string text_or(const Json& object, const char* key, const std::string& otherwise) {
  return object.contains(key) ? object.at(key).get<std::string>() : otherwise;
}

std::string time_of(const Json& object, const char* key) {
  std::string time = text_or(object, key, "");
  if (time.size() <= kTime.size()) return time;
  time[10] = ' ';
  return time.substr(0, kTime.size());
}

std::string changes_of(const Json& action) {
  std::string out;
  for (const Json& change : action.at("changes")) {
    if (!out.empty()) out += ", ";
    out += change.at("container").get<std::string>() + ": " + change.at("from").get<std::string>() +
           " -> " + change.at("to").get<std::string>();
  }
  return out;
}

std::string place_name(const Json& pause) {
  if (!pause.contains("target")) return "everything";
  const auto target = pause.at("target").get<std::string>();
  if (!pause.contains("workload")) return "target " + target;
  return target + ": " + pause.at("workload").get<std::string>();
}

std::string held_image(const Json& hold) {
  std::string image = hold.at("repository").get<std::string>();
  if (hold.contains("tag")) image += ":" + hold.at("tag").get<std::string>();
  if (hold.contains("digest")) image += "@" + hold.at("digest").get<std::string>();
  return hold.at("and_below").get<bool>() ? image + " and below" : image;
}

}  // namespace longshore
