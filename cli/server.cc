// SPDX-License-Identifier: Apache-2.0
#include "cli/server.h"

#include <array>
#include <optional>

#include <nlohmann/json.hpp>
#include <pwd.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "config/config.h"
#include "receiver/control_client.h"

namespace longshore {
namespace {

constexpr std::chrono::seconds kTimeout{10};

std::variant<LoadedConfig, ExitCode> load(const CommandLine& line, const std::string& instead) {
  auto loaded = load_config(config_file(line));
  if (auto* good = std::get_if<LoadedConfig>(&loaded)) return std::move(*good);
  std::string text = std::get<ConfigErrors>(loaded).str();
  if (text.ends_with('\n')) text.pop_back();
  return ExitCode{fail(
      kExitUsage, "the configuration cannot be used; " + instead + " does without it\n" + text)};
}

// Who runs this, for the audit: behind sudo the one who typed it. Empty: not known.
std::string user_name() {
  if (const auto before_sudo = environment("SUDO_USER")) return *before_sudo;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) != 0) return {};
  return found == nullptr ? "uid " + std::to_string(getuid()) : std::string(entry.pw_name);
}

// The `error` of the server's JSON answer, else what it sent.
std::string reason_in(const ControlAnswer& answer) {
  const auto object = nlohmann::json::parse(answer.body, nullptr, false);
  if (object.is_object() && object.contains("error") && object["error"].is_string()) {
    return object["error"].get<std::string>();
  }
  return "the server answered " + std::to_string(answer.status);
}

}  // namespace

std::variant<std::filesystem::path, ExitCode> socket_path(const CommandLine& line) {
  if (!line.socket.empty()) return std::filesystem::path(line.socket);
  const auto loaded = load(line, "--socket FILE");
  if (const auto* code = std::get_if<ExitCode>(&loaded)) return *code;
  std::filesystem::path path = std::get<LoadedConfig>(loaded).config.pipeline.store.path;
  path += ".sock";
  return path;
}

std::variant<std::filesystem::path, ExitCode> audit_path(const CommandLine& line,
                                                         const std::string& file) {
  if (!file.empty()) return std::filesystem::path(file);
  const auto loaded = load(line, "--file FILE");
  if (const auto* code = std::get_if<ExitCode>(&loaded)) return *code;
  return std::get<LoadedConfig>(loaded).config.pipeline.audit.file;
}

std::variant<std::string, Refusal> try_server(const std::filesystem::path& socket,
                                              std::string_view method, const std::string& target) {
  auto answer = control_request(socket, std::string(method), target, "", kTimeout, user_name());
  if (!answer) {
    const bool denied = answer.error().code == Errc::unauthorized;
    return Refusal{denied ? kExitFailed : kExitNoServer, answer.error().message, !denied};
  }
  if (answer->status / 100 == 2) return std::move(answer->body);
  return Refusal{answer->status == 400 ? kExitUsage : kExitFailed, reason_in(*answer),
                 answer->status == 503};
}

std::variant<std::string, ExitCode> ask_server(const CommandLine& line, std::string_view method,
                                               const std::string& target) {
  const auto socket = socket_path(line);
  if (const auto* code = std::get_if<ExitCode>(&socket)) return *code;
  auto answer = try_server(std::get<std::filesystem::path>(socket), method, target);
  if (auto* body = std::get_if<std::string>(&answer)) return std::move(*body);
  const auto& refusal = std::get<Refusal>(answer);
  return ExitCode{fail(refusal.exit_code, refusal.message)};
}

int show_answer(const CommandLine& line, const std::string& target,
                std::string (*text)(std::string_view body)) {
  return show_answer(line, "GET", target, text);
}

int show_answer(const CommandLine& line, std::string_view method, const std::string& target,
                std::string (*text)(std::string_view body)) {
  const auto answer = ask_server(line, method, target);
  if (const auto* code = std::get_if<ExitCode>(&answer)) return code->value;
  const auto& body = std::get<std::string>(answer);
  try {
    return print(line.json ? body : text(body)) ? kExitOk : kExitFailed;
  } catch (const nlohmann::json::exception& error) {
    return bad_answer(error.what());
  }
}

int bad_answer(const std::string& why) {
  return fail(kExitFailed,
              "the server's answer is not understood, it may be of another version: " + why);
}

}  // namespace longshore
