// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_hold.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/json_view.h"
#include "cli/scope.h"
#include "cli/server.h"

namespace longshore {
namespace {

struct HoldArguments {
  ScopeArguments scope;
  std::optional<std::string> reference;
  std::optional<std::string> container;
  std::optional<std::string> reason;
};

using View = std::string (*)(std::string_view);

int run_hold(const HoldArguments& arguments, const CommandLine& line, const std::string& path,
             View view) {
  return show_answer(line, "POST",
                     path + query_of({{"workload", arguments.scope.workload},
                                      {"target", arguments.scope.target},
                                      {"ref", arguments.reference},
                                      {"container", arguments.container},
                                      {"reason", arguments.reason}}),
                     view);
}

CLI::Option* add_arguments(CLI::App& command, CommandLine& line, HoldArguments& arguments) {
  add_scope(command, arguments.scope, WorkloadIs::required);
  CLI::Option* reference =
      command.add_option("reference", arguments.reference, "A tag, a digest or a whole reference")
          ->type_name("REF");
  command.add_option("--container", arguments.container, "Only this container")->type_name("NAME");
  add_config_option(command, line);
  add_socket_option(command, line);
  add_json_flag(command, line);
  return reference;
}

}  // namespace

void add_hold(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("hold", "Keep an image away from a workload until unhold");
  const auto arguments = std::make_shared<HoldArguments>();
  add_arguments(*command, line, *arguments)->required();
  command->add_option("--reason", arguments->reason, "Why, for status and the audit")
      ->type_name("TEXT");
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_hold(*arguments, line, "/api/v1/hold", hold_text); };
  });
}

void add_unhold(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand(
      "unhold", "End the holds on a workload, or those on one image or container");
  const auto arguments = std::make_shared<HoldArguments>();
  add_arguments(*command, line, *arguments);
  command->callback([&line, arguments] {
    line.run = [&line, arguments] {
      return run_hold(*arguments, line, "/api/v1/unhold", unhold_text);
    };
  });
}

}  // namespace longshore
