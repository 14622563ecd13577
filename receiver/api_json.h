// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pipeline/control.h"

namespace longshore {

// The documents of the control API, one line each. docs/formats.md describes them; the names of
// their members are an interface. What is not known is absent; lists are there also when empty.
std::string to_json(const StatusReport& report);
std::string to_json(const std::vector<Action>& actions);
std::string to_json(const Repository& repository, const std::vector<HistoryEntry>& history);
std::string to_json(const AuditHead& head);
std::string to_json(const Pause& pause);
std::string to_json(const Resumed& resumed);
std::string to_json(const std::vector<Hold>& holds);
std::string to_json(const RolledBack& made);
std::string to_json(const Progress& progress);
enum class PlanDetail { decisions, candidates };
std::string to_json(const Plan& plan, PlanDetail detail);

}  // namespace longshore
