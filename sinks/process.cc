// SPDX-License-Identifier: Apache-2.0
#include "sinks/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pipeline/fd.h"

extern char** environ;

namespace longshore {
namespace {

constexpr std::chrono::milliseconds kSlice{50};  // between looks whether the call was stopped

struct Pipe {
  Fd read;
  Fd write;
  static std::optional<Pipe> open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    return Pipe{Fd(ends[0]), Fd(ends[1])};
  }
};

// How long the call may still take, and what ends it earlier.
struct Scope {
  SteadyTime deadline;
  const std::stop_token& stop;

  std::chrono::milliseconds left() const {
    return std::chrono::ceil<std::chrono::milliseconds>(deadline -
                                                        std::chrono::steady_clock::now());
  }
  bool is_over() const { return stop.stop_requested() || left().count() <= 0; }
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_of(const ProcessCall& call) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : call.environment)
    lines.push_back(std::string(name).append("=").append(value));
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view line(*at);
    const std::string_view name = line.substr(0, line.find('='));
    const bool is_given = std::any_of(call.environment.begin(), call.environment.end(),
                                      [&](const auto& given) { return given.first == name; });
    if (!is_given) lines.emplace_back(line);
  }
  return lines;
}

// A child in a process group of its own.
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // The error number, 0 for none.
  int start(const ProcessCall& call, const Pipe& input, const Pipe& output) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input.read.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output.write.get(), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    std::vector<std::string> arguments = call.command;
    std::vector<std::string> environment = environment_of(call);
    const int code = ::posix_spawnp(&pid_, call.command.front().c_str(), &files, &attributes,
                                    pointers_to(arguments).data(), pointers_to(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (code != 0) pid_ = -1;
    return code;
  }
  ~Child() {
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  // True if it ended by itself, with 0.
  bool succeeded(const Scope& scope) {
    int status = 0;
    while (true) {
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) break;
      if ((ended < 0 && errno != EINTR) || scope.is_over()) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    pid_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t pid_ = -1;
};

// Everything until the other side closes; nothing if that takes too long or is too much.
std::optional<std::string> read_all(int fd, std::size_t max_bytes, const Scope& scope) {
  std::string output;
  std::array<char, 4096> buffer{};
  while (!scope.is_over()) {
    pollfd ready{fd, POLLIN, 0};
    const auto wait = std::clamp(scope.left(), std::chrono::milliseconds{0}, kSlice);
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) continue;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return output;
    if (got < 0 && errno != EINTR) return std::nullopt;
    if (got > 0) output.append(buffer.data(), static_cast<std::size_t>(got));
    if (output.size() > max_bytes) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Result<ProcessAnswer> run_process(const ProcessCall& call, SteadyTime deadline,
                                  const std::stop_token& stop) {
  const std::string& program = call.command.front();
  auto input = Pipe::open();
  auto output = Pipe::open();
  if (!input || !output) return Error{Errc::io, "pipe: " + std::string(std::strerror(errno))};
  // Before it runs: the pipe takes it, and nobody can have closed the other end.
  if (call.input.size() > ProcessCall::kMaxInput ||
      ::write(input->write.get(), call.input.data(), call.input.size()) < 0) {
    return Error{Errc::invalid_input, "the input of " + program + " is too long"};
  }
  Child child;
  if (const int code = child.start(call, *input, *output); code != 0) {
    return Error{Errc::invalid_input, program + " cannot be run: " + std::strerror(code)};
  }
  input->read.reset();
  input->write.reset();
  output->write.reset();
  const Scope scope{deadline, stop};
  auto text = read_all(output->read.get(), call.max_output_bytes, scope);
  if (!text) return Error{Errc::unavailable, program + " did not answer in time, or too much"};
  const bool succeeded = child.succeeded(scope);
  return ProcessAnswer{succeeded, *std::move(text)};
}

}  // namespace longshore
