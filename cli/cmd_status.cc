// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_status.h"

#include <CLI/CLI.hpp>

#include "cli/json_view.h"
#include "cli/server.h"

namespace longshore {

void add_status(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("status", "Show what the running server does, and what is in trouble");
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->callback(
      [&line] { line.run = [&line] { return show_answer(line, "/api/v1/status", status_text); }; });
}

}  // namespace longshore
