// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "pipeline/result.h"
#include "pipeline/time.h"
#include "sinks/kubernetes/access.h"

namespace longshore {

// What a plugin answered: a token, or a certificate with its key (PEM), or both.
struct ExecCredential {
  std::string token;
  std::string certificate;
  std::string key;
  std::optional<Time> expires;
};

// Runs the plugin (sinks/process.h) with the ExecCredential in KUBERNETES_EXEC_INFO that its
// version asks for. Its standard input is empty: it can ask nobody.
//
// Fails with invalid_input if it cannot be run, with unavailable if it fails, does not end in time
// or gives no credentials of its version. No message repeats what it printed.
// Threads: safe from every thread; blocks.
Result<ExecCredential> ask_plugin(const ExecPlugin& plugin, const KubeLogin& cluster,
                                  SteadyTime deadline, const std::stop_token& stop);

}  // namespace longshore
