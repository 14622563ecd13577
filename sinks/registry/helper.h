// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pipeline/result.h"
#include "sinks/registry/call_scope.h"

namespace longshore {

// What a credential helper knows of a registry.
struct HelperAnswer {
  std::string username;
  std::string secret;
};

// Runs `docker-credential-NAME get` with the server's name on its standard input
// (github.com/docker/docker-credential-helpers, "Development"). No shell; at most 64 KiB of its
// output are read, and its standard error is not; it is killed, with its children, when the call's
// time is over or the call is stopped.
//
// Returns nothing if the helper has none. Fails with invalid_input for a name that is none or a
// program that is not there, and with unavailable if it fails or gives nonsense. No message repeats
// what it printed.
// Threads: safe from every thread; blocks.
Result<std::optional<HelperAnswer>> run_helper(const std::string& name, const std::string& server,
                                               const CallScope& call);

}  // namespace longshore
