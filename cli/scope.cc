// SPDX-License-Identifier: Apache-2.0
#include "cli/scope.h"

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace longshore {

void add_scope(CLI::App& command, ScopeArguments& scope, WorkloadIs workload) {
  CLI::Option* name = command.add_option(
      "workload", scope.workload,
      "The workload as status and audit name it, or any part of that that no other has");
  name->type_name("WORKLOAD");
  if (workload == WorkloadIs::required) name->required();
  command.add_option("--target", scope.target, "Only on this target")->type_name("NAME");
}

std::string query_of(
    std::initializer_list<std::pair<const char*, std::optional<std::string>>> parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!value) continue;
    query += (query.empty() ? "?" : "&") + std::string(name) + "=" + url_escape(*value);
  }
  return query;
}

}  // namespace longshore
