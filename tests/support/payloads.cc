// SPDX-License-Identifier: Apache-2.0
#include "support/payloads.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace longshore::test {

std::filesystem::path payload_folder() {
  return std::filesystem::path(LONGSHORE_SOURCE_DIR) / "tests" / "payloads";
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Headers read_headers(const std::filesystem::path& body) {
  Headers headers;
  std::istringstream lines(read_file(std::filesystem::path(body).replace_extension(".headers")));
  std::string line;
  std::getline(lines, line);  // the request line
  while (std::getline(lines, line)) {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos)
      headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  return headers;
}

std::vector<Payload> all_payloads() {
  std::vector<Payload> payloads;
  for (const auto& folder : std::filesystem::directory_iterator(payload_folder())) {
    const auto type = parse_source_type(folder.path().filename().string());
    if (!type) continue;
    for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
      const std::filesystem::path& path = file.path();
      if (path.extension() != ".json" && path.extension() != ".form") continue;
      payloads.push_back({path, *type, read_headers(path), read_file(path)});
    }
  }
  std::sort(payloads.begin(), payloads.end(),
            [](const Payload& a, const Payload& b) { return a.path < b.path; });
  return payloads;
}

}  // namespace longshore::test
