// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace longshore {

// The server's answers (receiver/api_json.h) as people read them. What the JSON library throws for
// an answer of another shape passes through.
std::string status_text(std::string_view body);
std::string actions_text(std::string_view body);
std::string history_text(std::string_view body);
std::string pause_text(std::string_view body);
std::string resume_text(std::string_view body);
std::string hold_text(std::string_view body);
std::string unhold_text(std::string_view body);
std::string plan_text(std::string_view body);
std::string replay_text(std::string_view body);
std::string rollback_text(std::string_view body);

// How far something is that is waited for.
struct ProgressView {
  std::string state;   // name_of(Progress::State)
  std::string detail;  // in words; may be empty
  std::string line;    // both, for people, without a newline
};
ProgressView progress_view(std::string_view body);

}  // namespace longshore
