// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_wait.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/exit_codes.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/scope.h"
#include "cli/server.h"
#include "config/values.h"

namespace longshore {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAskAgain{500};

struct WaitArguments {
  std::string of;
  std::string timeout = "10m";
};

// Nothing while it is not over.
std::optional<int> exit_code_of(const std::string& state) {
  static const std::map<std::string, int, std::less<>> known = {
      {"completed", kExitOk}, {"failed", kExitRolloutFailed}, {"nothing", kExitNothingToDo}};
  const auto found = known.find(state);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

// One wait. What was seen last stays, so that a timeout can say what it was.
class Waiting {
 public:
  Waiting(const WaitArguments& arguments, std::filesystem::path socket, const CommandLine& line)
      : target_("/api/v1/progress" + query_of({{"of", arguments.of}})),
        timeout_(arguments.timeout),
        socket_(std::move(socket)),
        json_(line.json) {}

  // The exit code if it is over, or cannot be waited for.
  std::optional<int> ask();
  int give_up() const;

 private:
  std::optional<int> refused(const Refusal& refusal);
  std::optional<int> seen(ProgressView view);

  const std::string target_;
  const std::string timeout_;
  const std::filesystem::path socket_;
  const bool json_;
  std::string body_;   // of the last answer
  ProgressView view_;  // of the same
  std::string unanswered_;
};

// A server that has answered once may be on its way up again; one that never has is none.
std::optional<int> Waiting::refused(const Refusal& refusal) {
  const bool is_first = body_.empty() && refusal.exit_code == kExitNoServer;
  if (!refusal.may_pass || is_first) return fail(refusal.exit_code, refusal.message);
  unanswered_ = refusal.message;
  return std::nullopt;
}

std::optional<int> Waiting::seen(ProgressView view) {
  const bool is_news = view.state != view_.state || view.detail != view_.detail;
  view_ = std::move(view);
  if (!json_ && is_news && !print(view_.line + "\n")) return kExitFailed;
  const auto code = exit_code_of(view_.state);
  if (code && json_ && !print(body_)) return kExitFailed;
  return code;
}

std::optional<int> Waiting::ask() {
  auto answer = try_server(socket_, "GET", target_);
  if (const auto* refusal = std::get_if<Refusal>(&answer)) return refused(*refusal);
  body_ = std::get<std::string>(std::move(answer));
  unanswered_.clear();
  try {
    return seen(progress_view(body_));
  } catch (const nlohmann::json::exception& error) {
    return bad_answer(error.what());
  }
}

int Waiting::give_up() const {
  if (json_ && !body_.empty() && !print(body_)) return kExitFailed;
  std::string message = "it is not over after " + timeout_;
  if (!unanswered_.empty()) {
    message += ": " + unanswered_;
  } else if (!view_.detail.empty()) {
    message += ": " + view_.detail;
  }
  return fail(kExitTimeout, message);
}

int run_wait(const WaitArguments& arguments, const CommandLine& line) {
  const auto timeout = parse_duration(arguments.timeout);
  if (!timeout) return fail(kExitUsage, "--timeout: " + timeout.error().message);
  const auto socket = socket_path(line);
  if (const auto* code = std::get_if<ExitCode>(&socket)) return code->value;
  Waiting waiting(arguments, std::get<std::filesystem::path>(socket), line);
  const auto end = SteadyClock::now() + *timeout;
  for (;;) {
    if (const auto code = waiting.ask()) return *code;
    const auto left = end - SteadyClock::now();
    if (left <= left.zero()) return waiting.give_up();
    std::this_thread::sleep_for(std::min<SteadyClock::duration>(left, kAskAgain));
  }
}

}  // namespace

void add_wait(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("wait", "Wait until what an event or an image brings has come up");
  const auto arguments = std::make_shared<WaitArguments>();
  command->add_option("of", arguments->of, "The event's id, or an image with a tag or a digest")
      ->required()
      ->type_name("EVENT|IMAGE");
  command->add_option("--timeout", arguments->timeout, "How long, such as 90s, 10m or 1h")
      ->capture_default_str()
      ->type_name("DURATION");
  add_config_option(*command, line);
  add_socket_option(*command, line);
  add_json_flag(*command, line);
  command->footer(
      "Exit code 0 if all of it came up, 4 if some of it failed, 5 if nothing was to be done, 6 if "
      "it is not over in time.");
  command->callback(
      [&line, arguments] { line.run = [&line, arguments] { return run_wait(*arguments, line); }; });
}

}  // namespace longshore
