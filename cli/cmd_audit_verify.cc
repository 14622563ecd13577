// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_audit_verify.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/server.h"
#include "pipeline/audit_lines.h"
#include "pipeline/audit_verify.h"

namespace longshore {
namespace {

using Json = nlohmann::ordered_json;

struct VerifyArguments {
  std::string file;
  bool offline = false;
};

struct Verified {
  AuditReport report;
  bool end_checked = false;
};

std::optional<AuditHead> head_of(const std::string& body) {
  const Json object = Json::parse(body, nullptr, false);
  if (!object.is_object() || !object.contains("lines") || !object.contains("hash")) return {};
  if (!object["lines"].is_number_unsigned() || !object["hash"].is_string()) return {};
  const auto bytes = from_hex(object["hash"].get<std::string>());
  if (!bytes || bytes->size() != Sha256{}.size()) return {};
  AuditHead head{object["lines"].get<std::uint64_t>(), {}};
  std::copy(bytes->begin(), bytes->end(), head.hash.begin());
  return head;
}

// The store is ahead of the file for the moment between a commit and its line in the file. So an
// end that seems to be missing is looked at once more, with the same head.
Result<Verified> verify(const std::filesystem::path& file, const std::optional<AuditHead>& head) {
  auto report = verify_audit(file, head);
  if (report && report->broken && head && !verify_audit(file, std::nullopt)->broken) {
    report = verify_audit(file, head);
  }
  if (!report) return std::move(report).error();
  return Verified{*std::move(report), head.has_value()};
}

int print_json(const Verified& verified) {
  const AuditReport& report = verified.report;
  Json document;
  document["ok"] = !report.broken;
  document["files"] = report.files;
  document["lines"] = report.lines;
  if (report.lines > 0) {
    document["first_time"] = report.first_time;
    document["last_time"] = report.last_time;
    document["head"] = to_hex(as_bytes(*report.head));
  }
  document["from_the_beginning"] = report.from_the_beginning;
  document["end_checked"] = verified.end_checked;
  if (report.broken) {
    document["broken"] = {{"file", report.broken->file.string()},
                          {"line", report.broken->line},
                          {"why", report.broken->why}};
  }
  if (!print(document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n")) {
    return kExitFailed;
  }
  return report.broken ? kExitFailed : kExitOk;
}

int print_text(const Verified& verified) {
  const AuditReport& report = verified.report;
  std::string out;
  if (report.broken) {
    out += coloured("broken", Colour::red) + "  " + report.broken->file.string() + ":" +
           std::to_string(report.broken->line) + ": " + report.broken->why + "\n";
  } else {
    out += coloured("ok", Colour::green) + "  every line follows the one before it\n";
  }
  out += std::to_string(report.lines) + " lines in " + std::to_string(report.files) + " files";
  if (report.lines > 0) out += ", " + report.first_time + " to " + report.last_time;
  out += "\n";
  if (report.lines > 0) out += "head  " + to_hex(as_bytes(*report.head)) + "\n";
  if (!report.from_the_beginning) {
    out += "Lines before the first one are no longer kept and were not checked.\n";
  }
  if (!verified.end_checked) {
    out += "No running server was asked: lines cut from the end would not be noticed.\n";
  }
  if (!print(out)) return kExitFailed;
  return report.broken ? kExitFailed : kExitOk;
}

int run_verify(const VerifyArguments& arguments, const CommandLine& line) {
  const auto path = audit_path(line, arguments.file);
  if (const auto* code = std::get_if<ExitCode>(&path)) return code->value;
  const auto& file = std::get<std::filesystem::path>(path);
  std::optional<AuditHead> head;
  if (!arguments.offline) {
    const auto answer = ask_server(line, "GET", "/api/v1/audit/head");
    if (const auto* code = std::get_if<ExitCode>(&answer)) return code->value;
    head = head_of(std::get<std::string>(answer));
    if (!head) return bad_answer("no `lines` and `hash`");
  } else if (audit_files(file).empty()) {
    return fail(kExitFailed, "there is no audit log at '" + file.string() + "'");
  }
  const auto verified = verify(file, head);
  if (!verified) return fail(verified.error());
  return line.json ? print_json(*verified) : print_text(*verified);
}

}  // namespace

const CLI::App* add_audit_verify(CLI::App& audit, CommandLine& line) {
  CLI::App* command = audit.add_subcommand("verify", "Check that no line was edited or removed");
  const auto arguments = std::make_shared<VerifyArguments>();
  command->add_flag("--offline", arguments->offline,
                    "Do not ask the running server: lines cut from the end are not noticed");
  command->add_option("--file", arguments->file, "The audit log (default: the configured one)")
      ->type_name("FILE");
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->footer(
      "Exit code 1 if the chain is broken. Whoever can write the store as well as the "
      "file\ncan make a chain that holds.");
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_verify(*arguments, line); };
  });
  return command;
}

}  // namespace longshore
