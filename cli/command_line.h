// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "pipeline/result.h"

namespace CLI {  // NOLINT(readability-identifier-naming): as the library names it
class App;
}

namespace longshore {

// What the command line says besides each command's own options. A command adds itself to the
// parser and, when it is the one that was asked for, sets `run`; main calls it after parsing.
struct CommandLine {
  std::string config;  // --config; empty: the usual places
  std::string socket;  // --socket; empty: beside the configured store
  bool json = false;
  std::function<int()> run;  // returns an exit code
};

// The options that several commands have, with one wording.
void add_config_option(CLI::App& command, CommandLine& line);
void add_socket_option(CLI::App& command, CommandLine& line);
void add_json_flag(CLI::App& command, CommandLine& line);
// --limit, from 1 to 1000: the most that the server gives at once.
void add_limit_option(CLI::App& command, std::size_t& limit);

// The file that --config names, else ./longshore.yaml, else /etc/longshore/longshore.yaml if it
// exists, else the first.
std::filesystem::path config_file(const CommandLine& line);

// Says "longshore: <message>" on standard error and returns the code.
int fail(int exit_code, const std::string& message);

// The exit code for an error: 2 for bad input, else 1.
int fail(const Error& error);

}  // namespace longshore
