// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_plan.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/json_view.h"
#include "cli/scope.h"
#include "cli/server.h"

namespace longshore {
namespace {

struct PlanArguments {
  ScopeArguments scope;
  bool why = false;
};

int run_plan(const PlanArguments& arguments, const CommandLine& line) {
  const std::optional<std::string> why =
      arguments.why ? std::optional<std::string>("true") : std::nullopt;
  return show_answer(line, "GET",
                     "/api/v1/plan" + query_of({{"workload", arguments.scope.workload},
                                                {"target", arguments.scope.target},
                                                {"why", why}}),
                     plan_text);
}

}  // namespace

void add_plan(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("plan", "Show what would change now, container by container, and why not");
  const auto arguments = std::make_shared<PlanArguments>();
  add_scope(*command, arguments->scope, WorkloadIs::optional);
  command->add_flag("--why", arguments->why, "A line for each tag that is known");
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->callback(
      [&line, arguments] { line.run = [&line, arguments] { return run_plan(*arguments, line); }; });
}

}  // namespace longshore
