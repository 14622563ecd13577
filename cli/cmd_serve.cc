// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_serve.h"

#include <CLI/CLI.hpp>

namespace longshore {

void add_serve(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("serve", "Run the server (what runs without a command)");
  add_config_option(*command, line);
  line.run = [&line] { return serve(config_file(line)); };
}

}  // namespace longshore
