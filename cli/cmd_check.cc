// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_check.h"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/exit_codes.h"
#include "cli/output.h"
#include "config/config.h"

namespace longshore {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::vector<ConfigProblem>& problems) {
  Json list = Json::array();
  for (const ConfigProblem& problem : problems) {
    Json entry;
    if (problem.line > 0) entry["line"] = problem.line;
    if (problem.column > 0) entry["column"] = problem.column;
    entry["message"] = problem.message;
    list.push_back(std::move(entry));
  }
  return list;
}

// "longshore.yaml:3:5: "
std::string place_of(const std::filesystem::path& file, const ConfigProblem& problem) {
  std::string place = file.string();
  if (problem.line > 0) place += ":" + std::to_string(problem.line);
  if (problem.column > 0) place += ":" + std::to_string(problem.column);
  return place + ": ";
}

int print_json(const std::filesystem::path& file, const std::vector<ConfigProblem>& errors,
               const std::vector<ConfigProblem>& warnings, const Config* config) {
  Json document;
  document["file"] = file.string();
  document["ok"] = errors.empty();
  document["errors"] = to_json(errors);
  document["warnings"] = to_json(warnings);
  if (config != nullptr) {
    document["sources"] = config->receiver.sources.size();
    document["registries"] = config->registries.registries.size();
    document["targets"] = config->targets.size();
    document["policies"] = config->pipeline.policies.size();
  }
  if (!print(document.dump() + "\n")) return kExitFailed;
  return errors.empty() ? kExitOk : kExitUsage;
}

int report_ok(const LoadedConfig& loaded, bool json) {
  const Config& config = loaded.config;
  if (json) return print_json(config.file, {}, loaded.warnings, &config);
  for (const ConfigProblem& warning : loaded.warnings) {
    const std::string text = place_of(config.file, warning) + warning.message + " (warning)\n";
    std::fputs(printable(text).c_str(), stderr);
  }
  const std::string summary =
      config.file.string() + ": ok, " +
      counted(config.receiver.sources.size(), "source", "sources") + ", " +
      counted(config.registries.registries.size(), "registry", "registries") + ", " +
      counted(config.targets.size(), "target", "targets") + ", " +
      counted(config.pipeline.policies.size(), "policy", "policies") + "\n";
  return print(printable(summary)) ? kExitOk : kExitFailed;
}

int run_check(const CommandLine& line) {
  const auto loaded = load_config(config_file(line));
  if (const auto* good = std::get_if<LoadedConfig>(&loaded)) return report_ok(*good, line.json);
  const auto& errors = std::get<ConfigErrors>(loaded);
  if (line.json) return print_json(errors.file, errors.problems, {}, nullptr);
  std::string text = printable(errors.str());
  if (!text.ends_with('\n')) text += '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
  return kExitUsage;
}

}  // namespace

void add_check(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("check", "Check the configuration without starting");
  add_config_option(*command, line);
  add_json_flag(*command, line);
  command->footer(
      "Each problem is a line 'file:line:column: what is wrong' on standard error; exit code 2.");
  command->callback([&line] { line.run = [&line] { return run_check(line); }; });
}

}  // namespace longshore
