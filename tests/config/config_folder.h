// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "tests/support/temp_folder.h"

namespace longshore::test {

// A folder for one test case, and files in it.
class ConfigFolder : public TempFolder {
 public:
  // Writes the file in place, making its folders; returns its path.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const {
    const std::filesystem::path file = path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
    return file;
  }

  std::filesystem::path folder(const std::filesystem::path& name) const {
    std::filesystem::create_directories(path() / name);
    return path() / name;
  }
};

// An environment variable for one test case.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_.c_str()); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
};

}  // namespace longshore::test
