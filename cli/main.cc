// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

#include "cli/cmd_actions.h"
#include "cli/cmd_audit.h"
#include "cli/cmd_check.h"
#include "cli/cmd_completion.h"
#include "cli/cmd_decode.h"
#include "cli/cmd_history.h"
#include "cli/cmd_hold.h"
#include "cli/cmd_pause.h"
#include "cli/cmd_plan.h"
#include "cli/cmd_policy.h"
#include "cli/cmd_replay.h"
#include "cli/cmd_rollback.h"
#include "cli/cmd_send.h"
#include "cli/cmd_serve.h"
#include "cli/cmd_status.h"
#include "cli/cmd_wait.h"
#include "cli/command_line.h"
#include "cli/exit_codes.h"

namespace longshore {
namespace {

// In the order of --help; `serve` is the default.
constexpr auto kCommands = {
    add_serve,    add_check,  add_status, add_wait,   add_actions, add_history,
    add_audit,    add_plan,   add_pause,  add_resume, add_hold,    add_unhold,
    add_rollback, add_replay, add_decode, add_send,   add_policy,  add_completion,
};

constexpr const char* kAbout =
    "Longshore brings running workloads up to date when a container image is pushed.";
constexpr const char* kFooter =
    "Exit codes: 0 done, 1 failed or not found, 2 wrong usage or bad input, 3 no running server;\n"
    "of wait: 4 failed, 5 nothing to do, 6 not over in time.\n"
    "'longshore COMMAND --help' describes a command.";

int parse_and_run(int count, char** arguments) {
  CLI::App app(kAbout, "longshore");
  CommandLine line;
  app.footer(kFooter);
  app.set_version_flag("--version", "longshore " LONGSHORE_VERSION);
  app.require_subcommand(0, 1);
  add_config_option(app, line);
  for (const auto add : kCommands)
    add(app, line);
  try {
    app.parse(count, arguments);
  } catch (const CLI::Success& request) {  // --help, --version
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    return fail(kExitUsage, std::string(error.what()) + "\nSee 'longshore --help'.");
  }
  if (!line.run) return fail(kExitUsage, "which command? See 'longshore --help'.");
  return line.run();
}

}  // namespace
}  // namespace longshore

// The libraries below may throw; what reaches this line is a fault of ours or a lack of memory.
int main(int count, char** arguments) {
  try {
    return longshore::parse_and_run(count, arguments);
  } catch (const std::exception& error) {
    return longshore::fail(longshore::kExitFailed, error.what());
  }
}
