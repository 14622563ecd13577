// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command_line.h"

namespace longshore {

void add_wait(CLI::App& app, CommandLine& line);

}  // namespace longshore
