// SPDX-License-Identifier: Apache-2.0
#include "cli/json_parts.h"

#include "cli/output.h"

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

std::string count_of(const Json& object, const char* key) {
  return std::to_string(object.at(key).get<std::uint64_t>());
}

std::string workload_of(const Json& object) {
  return object.at("target").get<std::string>() + ": " + object.at("workload").get<std::string>();
}

std::string section(const std::string& title, const std::string& text) {
  return "\n" + coloured(title, Colour::bold) + "\n" + text;
}

}  // namespace longshore
