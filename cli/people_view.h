// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace longshore {

// The server's answers to what persons say, as people read them; as in json_view.h.
std::string pause_text(std::string_view body);
std::string resume_text(std::string_view body);
std::string hold_text(std::string_view body);
std::string unhold_text(std::string_view body);
std::string plan_text(std::string_view body);
std::string replay_text(std::string_view body);
std::string rollback_text(std::string_view body);

}  // namespace longshore
