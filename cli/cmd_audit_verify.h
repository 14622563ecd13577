// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command_line.h"

namespace longshore {

// Adds `verify` to `audit` and returns it.
const CLI::App* add_audit_verify(CLI::App& audit, CommandLine& line);

}  // namespace longshore
