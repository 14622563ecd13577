// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace longshore::cli_tests {

struct Ran {
  int code = -1;  // 128 and more: ended by a signal
  std::string out;
  std::string err;
};

struct Given {
  std::string input = {};
  std::map<std::string, std::string> environment = {};  // beside PATH
  std::filesystem::path folder = "/";                   // where it runs
};

// Runs the real program with these arguments and waits for its end.
Ran run(const std::vector<std::string>& arguments, const Given& given = {});

// A folder of the test's own, removed at its end.
class Folder : public test::TempFolder {
 public:
  std::string operator/(const std::string& name) const { return (path() / name).string(); }
};

// A running `longshore`, for what does not end by itself or is looked at before it does. Killed at
// the end of the test.
class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments, const Given& given = {});
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running();
  // The next line of its output, without the newline; "" if none comes within ten seconds.
  std::string read_line();
  int exit_code();  // waits for its end

 private:
  int process_ = -1;
  int output_ = -1;
  std::string buffer_;
};

}  // namespace longshore::cli_tests
