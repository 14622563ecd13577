// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <cstdio>
#include <system_error>

#include <CLI/CLI.hpp>

#include "cli/exit_codes.h"
#include "cli/output.h"

namespace longshore {

void add_config_option(CLI::App& command, CommandLine& line) {
  command
      .add_option("-c,--config", line.config,
                  "The configuration (default: ./longshore.yaml, else "
                  "/etc/longshore/longshore.yaml)")
      ->type_name("FILE");
}

void add_socket_option(CLI::App& command, CommandLine& line) {
  command
      .add_option("--socket", line.socket,
                  "The running server's control socket (default: beside the configured store)")
      ->type_name("FILE");
}

void add_json_flag(CLI::App& command, CommandLine& line) {
  command.add_flag("--json", line.json, "Print JSON, for programs");
}

void add_limit_option(CLI::App& command, std::size_t& limit) {
  command.add_option("--limit", limit, "At most so many, newest first")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->type_name("N");
}

std::filesystem::path config_file(const CommandLine& line) {
  if (!line.config.empty()) return line.config;
  const std::filesystem::path here = "./longshore.yaml";
  const std::filesystem::path system = "/etc/longshore/longshore.yaml";
  std::error_code ignored;
  if (std::filesystem::exists(here, ignored) || !std::filesystem::exists(system, ignored)) {
    return here;
  }
  return system;
}

int fail(int exit_code, const std::string& message) {
  const std::string line = "longshore: " + printable(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  return exit_code;
}

int fail(const Error& error) {
  return fail(error.code == Errc::invalid_input ? kExitUsage : kExitFailed, error.message);
}

}  // namespace longshore
