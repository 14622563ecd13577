// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_send.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/send_request.h"
#include "config/config.h"
#include "pipeline/clock.h"
#include "receiver/compose.h"

namespace longshore {
namespace {

struct SendArguments {
  std::string type;
  std::string source;
  std::string image;
  std::string digest;
  std::string token;
  std::string token_file;
  std::string secret;
  std::string secret_file;
  std::string to;
  bool body_only = false;
};

// What was given, in the file, or in the environment, in this order; nothing if nowhere.
Result<std::vector<std::string>> secret_from(const std::string& given, const std::string& file,
                                             const char* variable) {
  if (!given.empty()) return std::vector{given};
  if (!file.empty()) {
    auto secret = read_secret_file(file);
    if (!secret) return std::move(secret).error();
    return std::vector{*std::move(secret)};
  }
  if (auto value = environment(variable)) return std::vector{*std::move(value)};
  return std::vector<std::string>{};
}

Result<SourceOptions> configured_source(const SendArguments& arguments, const CommandLine& line) {
  const auto loaded = load_config(config_file(line));
  if (const auto* errors = std::get_if<ConfigErrors>(&loaded)) {
    return Error{Errc::invalid_input, errors->str()};
  }
  const auto& sources = std::get<LoadedConfig>(loaded).config.receiver.sources;
  const auto found = std::find_if(sources.begin(), sources.end(), [&](const SourceOptions& each) {
    return each.name == arguments.source;
  });
  if (found != sources.end()) return *found;
  return Error{Errc::invalid_input,
               "there is no source '" + arguments.source + "' in the configuration"};
}

Result<SourceOptions> source_of(const SendArguments& arguments, const CommandLine& line) {
  SourceOptions source;
  if (!line.config.empty() && !arguments.source.empty()) {
    auto configured = configured_source(arguments, line);
    if (!configured) return configured;
    source = *std::move(configured);
  } else if (arguments.type.empty()) {
    return Error{Errc::invalid_input, "--type is needed, or --config and --source"};
  }
  if (!arguments.type.empty()) {
    const auto type = parse_source_type(arguments.type);
    if (!type) return type.error();
    if (source.name.empty()) source.type = *type;
    if (source.type != *type) {
      return Error{Errc::invalid_input, "the source '" + source.name + "' is of type " +
                                            std::string(name_of(source.type))};
    }
  }
  if (source.name.empty()) source.name = arguments.source;
  if (source.name.empty()) source.name = name_of(source.type);
  auto tokens = secret_from(arguments.token, arguments.token_file, "LONGSHORE_TOKEN");
  if (!tokens) return std::move(tokens).error();
  auto secrets = secret_from(arguments.secret, arguments.secret_file, "LONGSHORE_SECRET");
  if (!secrets) return std::move(secrets).error();
  if (!tokens->empty()) source.tokens = *std::move(tokens);
  if (!secrets->empty()) source.secrets = *std::move(secrets);
  source.insecure = source.tokens.empty() && source.secrets.empty();
  return source;
}

Result<ComposedRequest> request_of(const SendArguments& arguments, const CommandLine& line) {
  const auto source = source_of(arguments, line);
  if (!source) return source.error();
  const auto image = ImageRef::parse(arguments.image);
  if (!image) return image.error();
  std::optional<Digest> digest;
  if (!arguments.digest.empty()) {
    auto parsed = Digest::parse(arguments.digest);
    if (!parsed) return std::move(parsed).error();
    digest = *std::move(parsed);
  }
  return compose(*source, *image, digest, SystemClock().now());
}

std::string target_of(const ComposedRequest& request) {
  return request.query.empty() ? request.path : request.path + "?" + request.query;
}

int print_request(const ComposedRequest& request, const SendArguments& arguments, bool json) {
  std::string out;
  if (json) {
    nlohmann::ordered_json document;
    document["method"] = "POST";
    document["target"] = target_of(request);
    document["headers"] = nlohmann::ordered_json::array();
    for (const auto& [name, value] : request.headers) {
      document["headers"].push_back({{"name", name}, {"value", value}});
    }
    document["body"] = request.body;
    out = document.dump() + "\n";
  } else if (arguments.body_only) {
    out = request.body;
  } else {
    out = "POST " + target_of(request) + "\n";
    for (const auto& [name, value] : request.headers)
      out += name + ": " + value + "\n";
    out += "\n" + request.body + "\n";
  }
  return print(out) ? kExitOk : kExitFailed;
}

int run_send(const SendArguments& arguments, const CommandLine& line) {
  const auto request = request_of(arguments, line);
  if (!request) return fail(request.error());
  if (arguments.to.empty()) return print_request(*request, arguments, line.json);
  return send_request(arguments.to, target_of(*request), *request, line.json);
}

void add_secrets(CLI::App& command, SendArguments& arguments) {
  CLI::Option* token = command.add_option(
      "--token", arguments.token,
      "The source's token. Others see it in the process list: prefer --token-file or the "
      "environment's LONGSHORE_TOKEN");
  command
      .add_option("--token-file", arguments.token_file,
                  "A file with the token; - for standard input")
      ->type_name("FILE")
      ->excludes(token);
  CLI::Option* secret = command.add_option(
      "--secret", arguments.secret,
      "What the sender signs with. Others see it in the process list: prefer --secret-file or the "
      "environment's LONGSHORE_SECRET");
  command
      .add_option("--secret-file", arguments.secret_file,
                  "A file with the secret; - for standard input")
      ->type_name("FILE")
      ->excludes(secret);
}

}  // namespace

void add_send(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("send", "Send the notification that a registry would send for a push");
  const auto arguments = std::make_shared<SendArguments>();
  command->add_option("-t,--type", arguments->type, "The type of the sender, such as harbor")
      ->type_name("TYPE");
  command->add_option("-i,--image", arguments->image, "What was pushed, with its tag")
      ->required()
      ->type_name("REF");
  command->add_option("--digest", arguments->digest, "The digest that the tag names now")
      ->type_name("DIGEST");
  command
      ->add_option("--source", arguments->source,
                   "The source's name, as in /hooks/<name> (default: the type); with --config its "
                   "type, token and secret are taken from there")
      ->type_name("NAME");
  add_secrets(*command, *arguments);
  command
      ->add_option("--to", arguments->to,
                   "The server, such as http://localhost:8080 (default: print the request, which "
                   "holds the secret)")
      ->type_name("URL");
  command->add_flag("--body", arguments->body_only,
                    "Print the body alone, for curl --data-binary @-");
  add_config_option(*command, line);
  add_json_flag(*command, line);
  command->footer("Exit code 1 if the server does not accept it, 3 if none answers.");
  command->callback(
      [&line, arguments] { line.run = [&line, arguments] { return run_send(*arguments, line); }; });
}

}  // namespace longshore
