// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <stdlib.h>

#include "pipeline/audit_entry.h"

namespace longshore::audit_tests {

// A folder of the test's own, removed at its end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "longshore-audit-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_all(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  std::istringstream in(read_all(path));
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string bytes;
  for (const std::string& line : lines)
    bytes += line + "\n";
  return bytes;
}

// A chain of lines, all of one length, beginning after `prev`.
inline std::vector<std::string> chain(int count, Sha256 prev = {}, int first = 0) {
  std::vector<std::string> lines;
  for (int i = first; i < first + count; ++i) {
    AuditEntry entry;
    entry.time = Time{std::chrono::seconds{1'700'000'000 + i}};
    entry.step = "received";
    entry.source = "hub";
    entry.image = "docker.io/acme/app:1." + std::to_string(1000 + i);
    lines.push_back(audit_line(entry, prev));
    prev = sha256(lines.back());
  }
  return lines;
}

}  // namespace longshore::audit_tests
