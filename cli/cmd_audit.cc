// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_audit.h"

#include <deque>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/audit_view.h"
#include "cli/cmd_audit_verify.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/server.h"
#include "pipeline/audit_reader.h"
#include "pipeline/clock.h"

namespace longshore {
namespace {

constexpr std::size_t kFollowFrom = 10;

struct AuditArguments {
  std::string file;
  std::string since;
  std::string event;
  std::string image;
  std::size_t last = 0;  // 0: all
  bool follow = false;
};

Result<AuditFilter> filter_of(const AuditArguments& arguments) {
  AuditFilter filter;
  if (!arguments.since.empty()) {
    auto since = parse_moment(arguments.since, SystemClock().now());
    if (!since) return std::move(since).error();
    filter.since = *since;
  }
  if (!arguments.event.empty()) {
    auto id = Ulid::parse(arguments.event);
    if (!id) return std::move(id).error();
    filter.event = id->str();
  }
  if (!arguments.image.empty()) {
    auto image = ImageRef::parse(arguments.image);
    if (!image) return std::move(image).error();
    filter.image = *std::move(image);
  }
  return filter;
}

// Shows what the reader has for now. With `last`, only that many of the matching lines.
class Shower {
 public:
  Shower(AuditReader reader, AuditFilter filter, bool json)
      : reader_(std::move(reader)), filter_(std::move(filter)), json_(json) {}

  int show(std::size_t last) {
    std::deque<std::string> kept;
    for (;;) {
      const auto line = reader_.next();
      if (!line) return fail(line.error());
      if (!*line) break;
      if (!(*line)->complete || !matches(filter_, (*line)->text)) continue;
      kept.emplace_back((*line)->text);
      if (last == 0 && !flush(kept)) return kExitFailed;
      if (last > 0 && kept.size() > last) kept.pop_front();
    }
    return flush(kept) ? kExitOk : kExitFailed;
  }

  // Until the process is ended or nobody reads any more.
  int follow() {
    int code = kExitOk;
    while (code == kExitOk && reader_.wait({}))
      code = show(0);
    return code;
  }

 private:
  bool flush(std::deque<std::string>& lines) const {
    for (; !lines.empty(); lines.pop_front()) {
      if (!print((json_ ? lines.front() : audit_text(lines.front())) + "\n")) return false;
    }
    return true;
  }

  AuditReader reader_;
  AuditFilter filter_;
  bool json_;
};

int run_audit(const AuditArguments& arguments, const CommandLine& line) {
  auto filter = filter_of(arguments);
  if (!filter) return fail(filter.error());
  const auto path = audit_path(line, arguments.file);
  if (const auto* code = std::get_if<ExitCode>(&path)) return code->value;
  const auto& file = std::get<std::filesystem::path>(path);
  if (!arguments.follow && audit_files(file).empty()) {
    return fail(kExitFailed, "there is no audit log at '" + file.string() + "'");
  }
  auto reader = AuditReader::open(file);
  if (!reader) return fail(reader.error());
  std::size_t last = arguments.last;
  if (last == 0 && arguments.follow && arguments.since.empty()) last = kFollowFrom;
  Shower shower(*std::move(reader), *std::move(filter), line.json);
  const int code = shower.show(last);
  return code == kExitOk && arguments.follow ? shower.follow() : code;
}

}  // namespace

void add_audit(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("audit", "Show what was done, step by step");
  const auto arguments = std::make_shared<AuditArguments>();
  command->add_flag("-f,--follow", arguments->follow,
                    "Go on with what is added (from the last 10 lines, unless --since or --last)");
  command->add_option("--since", arguments->since, "30s, 15m, 2h, 7d ago, or a date, or a time")
      ->type_name("DURATION|TIME");
  command->add_option("--event", arguments->event, "The steps of one event")->type_name("ID");
  command->add_option("--image", arguments->image, "The steps of one image, tag or digest")
      ->type_name("REF");
  command->add_option("-n,--last", arguments->last, "Only so many of the last lines")
      ->type_name("N");
  command->add_option("--file", arguments->file, "The audit log (default: the configured one)")
      ->type_name("FILE");
  add_config_option(*command, line);
  add_json_flag(*command, line);
  command->require_subcommand(0, 1);
  const CLI::App* verify = add_audit_verify(*command, line);
  command->callback([&line, arguments, verify] {
    if (verify->parsed()) return;
    line.run = [&line, arguments] { return run_audit(*arguments, line); };
  });
}

}  // namespace longshore
