// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

namespace CLI {  // NOLINT(readability-identifier-naming): as the library names it
class App;
}

namespace longshore {

// Which workloads a command is about. Absent and empty are different: an empty name is refused by
// the server, so that a variable of a script that is not set never means all.
struct ScopeArguments {
  std::optional<std::string> workload;
  std::optional<std::string> target;
};

enum class WorkloadIs { optional, required };

// WORKLOAD and --target.
void add_scope(CLI::App& command, ScopeArguments& scope, WorkloadIs workload);

// "?name=value&…" of those that are there; empty for none.
std::string query_of(
    std::initializer_list<std::pair<const char*, std::optional<std::string>>> parameters);

}  // namespace longshore
