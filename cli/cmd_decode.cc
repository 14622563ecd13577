// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_decode.h"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/arguments.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "receiver/event_json.h"

namespace longshore {
namespace {

struct DecodeArguments {
  std::string type;
  std::vector<std::string> headers;
  std::string file;
};

Result<Headers> parse_headers(const std::vector<std::string>& lines) {
  constexpr const char* kBlank = " \t";
  Headers headers;
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      return Error{Errc::invalid_input, "header '" + line + "': expected the form 'Name: value'"};
    }
    const std::size_t begin = std::min(line.find_first_not_of(kBlank, colon + 1), line.size());
    const std::size_t end = line.find_last_not_of(kBlank) + 1;
    headers.emplace_back(line.substr(0, colon),
                         end > begin ? line.substr(begin, end - begin) : std::string());
  }
  return headers;
}

int run_decode(const DecodeArguments& arguments) {
  const auto type = parse_source_type(arguments.type);
  if (!type) return fail(type.error());
  const auto headers = parse_headers(arguments.headers);
  if (!headers) return fail(headers.error());
  const auto body = read_input(arguments.file);
  if (!body) return fail(body.error());
  const auto decoded = decode_to_json(*type, *headers, *body);
  if (!decoded) return fail(decoded.error());
  std::string out;
  for (const std::string& line : decoded->lines)
    (out += line) += '\n';
  if (!print(out)) return kExitFailed;
  if (decoded->lines.empty()) {
    std::fprintf(stderr, "ignored: %s\n", printable(decoded->ignored).c_str());
  }
  return kExitOk;
}

}  // namespace

void add_decode(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("decode", "Print the events of a notification as JSON lines");
  const auto arguments = std::make_shared<DecodeArguments>();
  command->add_option("-t,--type", arguments->type, "The type of its source, such as harbor")
      ->required()
      ->type_name("TYPE");
  command
      ->add_option("-H,--header", arguments->headers, "A header that came with it; may be repeated")
      ->allow_extra_args(false)
      ->type_name("'NAME: VALUE'");
  command->add_option("file", arguments->file, "The body; - for standard input")
      ->required()
      ->type_name("FILE|-");
  command->footer("Exit code 2, with the reason, for what is no notification of that type.");
  command->callback(
      [&line, arguments] { line.run = [arguments] { return run_decode(*arguments); }; });
}

}  // namespace longshore
