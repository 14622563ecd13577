// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/helper.h"

#include <algorithm>

#include "pipeline/json_reader.h"
#include "pipeline/text.h"
#include "sinks/process.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxOutput = 64U << 10;

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_digit(c) || is_lower(c) || is_upper(c) || c == '-' || c == '_' || c == '.';
  });
}

Result<std::optional<HelperAnswer>> parse(const std::string& program, const std::string& output) {
  JsonDocument document(output);
  const JsonObject root = document.root({"Username", "Secret"});
  const auto username = root.text("Username");
  const auto secret = root.text("Secret", kMaxOutput);
  if (document.error() || !secret) {
    return Error{Errc::unavailable, program + " answered what is no credential"};
  }
  return std::optional(HelperAnswer{std::string(username.value_or("")), std::string(*secret)});
}

}  // namespace

Result<std::optional<HelperAnswer>> run_helper(const std::string& name, const std::string& server,
                                               const CallScope& call) {
  if (!is_name(name)) {
    return Error{Errc::invalid_input, in_quotes(name) + " is no credential helper's name"};
  }
  const std::string program = "docker-credential-" + name;
  const ProcessCall process{
      .command = {program, "get"}, .input = server, .max_output_bytes = kMaxOutput};
  const auto answer = run_process(process, call.deadline, call.stop);
  if (!answer) return answer.error();
  if (answer->succeeded) return parse(program, answer->output);
  // credentials.errCredentialsNotFoundMessage of docker-credential-helpers.
  if (answer->output.find("credentials not found") != std::string::npos)
    return std::optional<HelperAnswer>();
  return Error{Errc::unavailable, program + " failed"};
}

}  // namespace longshore
