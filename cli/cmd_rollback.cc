// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_rollback.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/json_view.h"
#include "cli/scope.h"
#include "cli/server.h"

namespace longshore {
namespace {

struct RollbackArguments {
  ScopeArguments scope;
  std::optional<std::string> to;
};

int run_rollback(const RollbackArguments& arguments, const CommandLine& line) {
  return show_answer(line, "POST",
                     "/api/v1/rollback" + query_of({{"workload", arguments.scope.workload},
                                                    {"target", arguments.scope.target},
                                                    {"to", arguments.to}}),
                     rollback_text);
}

}  // namespace

void add_rollback(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("rollback", "Set the image that ran before, and hold what runs now");
  const auto arguments = std::make_shared<RollbackArguments>();
  add_scope(*command, arguments->scope, WorkloadIs::required);
  command
      ->add_option(
          "--to", arguments->to,
          "A tag, a digest or a whole reference (default: what ran before the last change)")
      ->type_name("REF");
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_rollback(*arguments, line); };
  });
}

}  // namespace longshore
