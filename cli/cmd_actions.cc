// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_actions.h"

#include <map>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/arguments.h"
#include "cli/exit_codes.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/server.h"
#include "pipeline/action.h"

namespace longshore {
namespace {

struct ActionsArguments {
  std::string state;
  std::size_t limit = 100;
  std::string id;
};

// Words without spaces, for people, and the states that the server knows.
const std::map<std::string, ActionState>& states() {
  static const std::map<std::string, ActionState> known = {
      {"ready", ActionState::ready},
      {"in-flight", ActionState::in_flight},
      {"waiting", ActionState::waiting},
      {"done", ActionState::done},
      {"dead", ActionState::dead},
      {"parked", ActionState::parked},
      {"superseded", ActionState::superseded},
      {"conflicted", ActionState::conflicted},
  };
  return known;
}

std::vector<std::string> state_words() {
  std::vector<std::string> words;
  for (const auto& [word, state] : states())
    words.push_back(word);
  return words;
}

int run_list(const ActionsArguments& arguments, const CommandLine& line) {
  std::string target = "/api/v1/actions?limit=" + std::to_string(arguments.limit);
  if (!arguments.state.empty()) {
    target += "&state=" + url_escape(name_of(states().at(arguments.state)));
  }
  return show_answer(line, target, actions_text);
}

int run_retry(const ActionsArguments& arguments, const CommandLine& line) {
  const auto id = ActionId::parse(arguments.id);
  if (!id) return fail(id.error());
  const auto answer = ask_server(line, "POST", "/api/v1/actions/" + id->str() + "/retry");
  if (const auto* code = std::get_if<ExitCode>(&answer)) return code->value;
  const std::string text = line.json ? std::get<std::string>(answer)
                                     : "action " + id->str() + " will be tried again now\n";
  return print(text) ? kExitOk : kExitFailed;
}

CLI::App* add_retry(CLI::App& actions, CommandLine& line,
                    const std::shared_ptr<ActionsArguments>& arguments) {
  CLI::App* command =
      actions.add_subcommand("retry", "Try an action again that is dead, parked or waiting");
  command->add_option("id", arguments->id, "The action's id")->required()->type_name("ID");
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_retry(*arguments, line); };
  });
  return command;
}

}  // namespace

void add_actions(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("actions", "List what was or is to be done, newest first");
  const auto arguments = std::make_shared<ActionsArguments>();
  command->add_option("--state", arguments->state, "Only those in this state")
      ->check(CLI::IsMember(state_words()))
      ->type_name("STATE");
  add_limit_option(*command, arguments->limit);
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->require_subcommand(0, 1);
  const CLI::App* retry = add_retry(*command, line, arguments);
  command->callback([&line, arguments, retry] {
    if (retry->parsed()) return;
    line.run = [&line, arguments] { return run_list(*arguments, line); };
  });
}

}  // namespace longshore
