// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/result.h"
#include "pipeline/time.h"

namespace longshore {

// A program that is run to be asked one thing: a credential helper, an exec plugin.
struct ProcessCall {
  static constexpr std::size_t kMaxInput = 1'024;  // fits a pipe that nobody reads yet
  // Its program, looked for along PATH unless there is a slash in it, and its arguments.
  std::vector<std::string> command;
  std::string input = {};  // on its standard input, then the end of it
  // Besides our environment, and before what has the same name there.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::size_t max_output_bytes = 64U << 10;
};

struct ProcessAnswer {
  bool succeeded = false;  // it ended by itself, with 0
  std::string output;      // its standard output
};

// Runs it in a process group of its own, without a shell; its standard error is not read. It is
// killed, with its children, when the deadline is over or `stop` is requested.
//
// Fails with invalid_input if it is not there or cannot be run, or its input is too long, and with
// unavailable if it does not end in time or prints too much. No message repeats what it printed.
// Threads: safe from every thread, while none changes the environment; blocks.
Result<ProcessAnswer> run_process(const ProcessCall& call, SteadyTime deadline,
                                  const std::stop_token& stop);

}  // namespace longshore
