// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/run.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

namespace longshore::cli_tests {
namespace {

constexpr int kAtMostMillis = 10'000;

std::string read_all(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts)
    list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Replaces standard input, output and error (where they are not -1) and becomes the program.
pid_t start(const std::vector<std::string>& arguments, const Given& given, int in, int out,
            int err) {
  std::vector<std::string> words = {LONGSHORE_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = {"PATH=/usr/bin:/bin"};
  for (const auto& [name, value] : given.environment)
    variables.push_back(name + "=" + value);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(variables);
  const pid_t child = fork();
  if (child != 0) return child;
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  if (err >= 0) dup2(err, STDERR_FILENO);
  if (chdir(given.folder.c_str()) != 0) _exit(126);
  execve(argv[0], argv.data(), envp.data());
  _exit(127);
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int open_or_throw(const std::string& name, int flags) {
  const int handle = open(name.c_str(), flags | O_CLOEXEC, 0600);
  if (handle < 0) throw std::runtime_error("cannot open " + name);
  return handle;
}

}  // namespace

Ran run(const std::vector<std::string>& arguments, const Given& given) {
  const Folder folder;
  const int in = open_or_throw(folder.write("in", given.input), O_RDONLY);
  const int out = open_or_throw(folder / "out", O_WRONLY | O_CREAT);
  const int err = open_or_throw(folder / "err", O_WRONLY | O_CREAT);
  const pid_t child = start(arguments, given, in, out, err);
  int status = 0;
  waitpid(child, &status, 0);
  for (const int handle : {in, out, err})
    close(handle);
  return {code_of(status), read_all(folder / "out"), read_all(folder / "err")};
}

Running::Running(const std::vector<std::string>& arguments, const Given& given) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  const int in = open_or_throw("/dev/null", O_RDONLY);
  process_ = start(arguments, given, in, ends[1], -1);
  output_ = ends[0];
  close(ends[1]);
  close(in);
}

Running::~Running() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  close(output_);
}

int Running::exit_code() {
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  return code_of(status);
}

std::string Running::read_line() {
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd handle{output_, POLLIN, 0};
    char bytes[4096];
    if (poll(&handle, 1, kAtMostMillis) <= 0) return "";
    const ssize_t count = read(output_, bytes, sizeof bytes);
    if (count <= 0) return "";
    buffer_.append(bytes, static_cast<std::size_t>(count));
  }
}

}  // namespace longshore::cli_tests
