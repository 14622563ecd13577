// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_pause.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/json_view.h"
#include "cli/scope.h"
#include "cli/server.h"

namespace longshore {
namespace {

struct PauseArguments {
  ScopeArguments scope;
  std::optional<std::string> reason;
};

int run_pause(const PauseArguments& arguments, const CommandLine& line) {
  return show_answer(line, "POST",
                     "/api/v1/pause" + query_of({{"workload", arguments.scope.workload},
                                                 {"target", arguments.scope.target},
                                                 {"reason", arguments.reason}}),
                     pause_text);
}

int run_resume(const PauseArguments& arguments, const CommandLine& line) {
  return show_answer(line, "POST",
                     "/api/v1/resume" + query_of({{"workload", arguments.scope.workload},
                                                  {"target", arguments.scope.target}}),
                     resume_text);
}

std::shared_ptr<PauseArguments> add_arguments(CLI::App& command, CommandLine& line) {
  auto arguments = std::make_shared<PauseArguments>();
  add_scope(command, arguments->scope, WorkloadIs::optional);
  add_config_option(command, line);
  add_socket_option(command, line);
  add_json_flag(command, line);
  return arguments;
}

}  // namespace

void add_pause(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand(
      "pause", "Change nothing until it is resumed: everywhere, on a target or for a workload");
  const auto arguments = add_arguments(*command, line);
  command->add_option("--reason", arguments->reason, "Why, for status and the audit")
      ->type_name("TEXT");
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_pause(*arguments, line); };
  });
}

void add_resume(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("resume", "End a pause, and do what was decided meanwhile");
  const auto arguments = add_arguments(*command, line);
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_resume(*arguments, line); };
  });
}

}  // namespace longshore
