// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "receiver/http_message.h"
#include "receiver/options.h"

namespace longshore::test {

// One request body that is kept in a file, with the headers beside it (tests/payloads/README.md).
struct Payload {
  std::filesystem::path path;
  SourceType type;
  Headers headers;
  std::string body;
};

std::filesystem::path payload_folder();
std::string read_file(const std::filesystem::path& path);
// The headers in the file beside a body; none if there is no such file.
Headers read_headers(const std::filesystem::path& body);
// Every body below tests/payloads, by path.
std::vector<Payload> all_payloads();

}  // namespace longshore::test
