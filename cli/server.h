// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "cli/command_line.h"

namespace longshore {

// Where a command that failed on the way says so itself: the exit code is all that is left.
struct ExitCode {
  int value = 0;
};

// The control socket: what --socket names, else "<store>.sock" out of the configuration.
std::variant<std::filesystem::path, ExitCode> socket_path(const CommandLine& line);

// Where the audit log is: what `file` names if it is not empty, else out of the configuration.
std::variant<std::filesystem::path, ExitCode> audit_path(const CommandLine& line,
                                                         const std::string& file);

// Why a server did not do what it was asked for.
struct Refusal {
  int exit_code = 0;
  std::string message;
  // It may answer soon: none is running, or it has just begun, or is about to end.
  bool may_pass = false;
};

// The body of the answer of the server at that socket, if that is a 2xx. Says nothing itself.
std::variant<std::string, Refusal> try_server(const std::filesystem::path& socket,
                                              std::string_view method, const std::string& target);

// The body of the running server's answer, if that is a 2xx. Else says what it answered, or that
// none is running, and returns the exit code.
std::variant<std::string, ExitCode> ask_server(const CommandLine& line, std::string_view method,
                                               const std::string& target);

// Asks the server and prints its answer: as it came with --json, else what `text` makes of
// it. Returns the exit code. `text` may throw what the JSON library throws where a member is
// missing or of another type: that ends here, as a failure.
int show_answer(const CommandLine& line, std::string_view method, const std::string& target,
                std::string (*text)(std::string_view body));
// The same with GET.
int show_answer(const CommandLine& line, const std::string& target,
                std::string (*text)(std::string_view body));

// Says that an answer has another shape than this version knows; returns the exit code.
int bad_answer(const std::string& why);

}  // namespace longshore
