// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "pipeline/result.h"

namespace longshore {

struct ControlAnswer {
  int status = 0;
  std::string body;
};

// Asks the server that listens on the unix socket beside its store, as the subcommands do. `target`
// is a path with its query, percent-encoded; `actor` is who asks, where that is known. An answer is
// an answer, whatever its status; errors are that there was none:
//
//   not_found    no server runs there
//   unauthorized the socket belongs to somebody else
//   unavailable  no answer within the time
Result<ControlAnswer> control_request(const std::filesystem::path& socket_path,
                                      const std::string& method, const std::string& target,
                                      const std::string& body, std::chrono::milliseconds timeout,
                                      const std::string& actor = {});

}  // namespace longshore
