// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "cli/command_line.h"

namespace longshore {

// Runs the server until it is told to stop; returns an exit code. In cli/serve.cc.
int serve(const std::filesystem::path& file);

// Also makes it what runs when no command is given.
void add_serve(CLI::App& app, CommandLine& line);

}  // namespace longshore
