// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the views of the server's answers (json_view*.cc) share: the only header that includes the
// JSON library's. What that throws where a member is missing or of another type passes through.

#include <string>

#include <nlohmann/json.hpp>

namespace longshore {

using Json = nlohmann::json;

std::string text_or(const Json& object, const char* key, const std::string& otherwise);
// "2026-03-01 12:00:00", which is UTC; empty where there is none.
std::string time_of(const Json& object, const char* key);
std::string count_of(const Json& object, const char* key);
// "prod: web"
std::string workload_of(const Json& object);
// An empty line, the title, and the text below it.
std::string section(const std::string& title, const std::string& text);

// The rollouts of a status; nothing where there are none.
std::string rollouts_text(const Json& rollouts);

}  // namespace longshore
