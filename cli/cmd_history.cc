// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_history.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/exit_codes.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/server.h"

namespace longshore {
namespace {

struct HistoryArguments {
  std::string image;
  std::size_t limit = 100;
};

// The entries of the asked tag or digest only, where the image names one.
std::string only(const ImageRef& image, std::string_view body) {
  if (!image.tag() && !image.digest()) return std::string(body);
  auto document = nlohmann::ordered_json::parse(body);
  auto& entries = document.at("history");
  const auto other = [&](const nlohmann::ordered_json& entry) {
    if (image.tag() && entry.at("tag") != image.tag()->str()) return true;
    return image.digest() && entry.value("digest", "") != image.digest()->str();
  };
  entries.erase(std::remove_if(entries.begin(), entries.end(), other), entries.end());
  return document.dump() + "\n";
}

int run_history(const HistoryArguments& arguments, const CommandLine& line) {
  const auto image = ImageRef::parse(arguments.image);
  if (!image) return fail(image.error());
  const auto answer = ask_server(line, "GET",
                                 "/api/v1/history?image=" + url_escape(image->repository().str()) +
                                     "&limit=" + std::to_string(arguments.limit));
  if (const auto* code = std::get_if<ExitCode>(&answer)) return code->value;
  try {
    const std::string body = only(*image, std::get<std::string>(answer));
    if (nlohmann::json::parse(body).at("history").empty()) {
      return fail(kExitFailed, "nothing is known of '" + arguments.image + "'");
    }
    return print(line.json ? body : history_text(body)) ? kExitOk : kExitFailed;
  } catch (const nlohmann::json::exception& error) {
    return bad_answer(error.what());
  }
}

}  // namespace

void add_history(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("history", "Show which digest each tag of an image named, and since when");
  const auto arguments = std::make_shared<HistoryArguments>();
  command->add_option("image", arguments->image, "The image; with a tag or digest only that one's")
      ->required()
      ->type_name("IMAGE");
  add_limit_option(*command, arguments->limit);
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_history(*arguments, line); };
  });
}

}  // namespace longshore
