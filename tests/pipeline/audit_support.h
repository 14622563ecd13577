// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "pipeline/audit_entry.h"
#include "tests/support/temp_folder.h"

namespace longshore::audit_tests {

using Folder = test::TempFolder;

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
