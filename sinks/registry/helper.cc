// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/helper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pipeline/fd.h"
#include "pipeline/json_reader.h"
#include "pipeline/text.h"

extern char** environ;

namespace longshore {
namespace {

constexpr std::size_t kMaxOutput = 64U << 10;
constexpr std::size_t kMaxServer = 1'024;        // fits a pipe that nobody reads yet
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

bool is_over(const CallScope& call) {
  return call.stop.stop_requested() || std::chrono::steady_clock::now() >= call.deadline;
}

// A child in a process group of its own.
class Child {
 public:
  // The error number, 0 for none.
  int start(const std::string& program, const Pipe& input, const Pipe& output) {
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
    std::string name = program;
    std::string verb = "get";
    std::array<char*, 3> arguments{name.data(), verb.data(), nullptr};
    const int code =
        ::posix_spawnp(&pid_, program.c_str(), &files, &attributes, arguments.data(), environ);
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
  bool succeeded(const CallScope& call) {
    int status = 0;
    while (true) {
      const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) break;
      if ((ended < 0 && errno != EINTR) || is_over(call)) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    pid_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t pid_ = -1;
};

// Everything until the other side closes; nothing if that takes too long or is too much.
std::optional<std::string> read_all(int fd, const CallScope& call) {
  std::string output;
  std::array<char, 4096> buffer{};
  while (!is_over(call)) {
    pollfd ready{fd, POLLIN, 0};
    const auto wait = std::min(kSlice, call.left());
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) continue;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return output;
    if (got < 0 && errno != EINTR) return std::nullopt;
    if (got > 0) output.append(buffer.data(), static_cast<std::size_t>(got));
    if (output.size() > kMaxOutput) return std::nullopt;
  }
  return std::nullopt;
}

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
  auto input = Pipe::open();
  auto output = Pipe::open();
  if (!input || !output) return Error{Errc::io, "pipe: " + std::string(std::strerror(errno))};
  // Before it runs: the pipe takes it, and nobody can have closed the other end.
  if (server.size() > kMaxServer || ::write(input->write.get(), server.data(), server.size()) < 0) {
    return Error{Errc::invalid_input, program + ": the server's name is too long"};
  }
  Child child;
  if (const int code = child.start(program, *input, *output); code != 0) {
    return Error{Errc::invalid_input, program + " cannot be run: " + std::strerror(code)};
  }
  input->read.reset();
  input->write.reset();
  output->write.reset();
  const auto text = read_all(output->read.get(), call);
  if (!text) return Error{Errc::unavailable, program + " did not answer in time, or too much"};
  const bool succeeded = child.succeeded(call);
  if (succeeded) return parse(program, *text);
  // credentials.errCredentialsNotFoundMessage of docker-credential-helpers.
  if (text->find("credentials not found") != std::string::npos)
    return std::optional<HelperAnswer>();
  return Error{Errc::unavailable, program + " failed"};
}

}  // namespace longshore
