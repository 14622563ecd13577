// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_replay.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/exit_codes.h"
#include "cli/json_view.h"
#include "cli/server.h"
#include "pipeline/ulid.h"

namespace longshore {
namespace {

int run_replay(const std::string& text, const CommandLine& line) {
  const auto id = EventId::parse(text);
  if (!id) return fail(id.error());
  return show_answer(line, "POST", "/api/v1/events/" + id->str() + "/replay", replay_text);
}

}  // namespace

void add_replay(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("replay", "Accept an event once more and decide it anew");
  const auto id = std::make_shared<std::string>();
  command->add_option("event", *id, "The event's id, as the audit shows it")
      ->required()
      ->type_name("EVENT");
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->callback([&line, id] { line.run = [&line, id] { return run_replay(*id, line); }; });
}

}  // namespace longshore
