// SPDX-License-Identifier: Apache-2.0
#include "config/secrets.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "config/files.h"
#include "config/values.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMostSecretBytes = 64U << 10;

Error bad(std::string message) {
  return Error{Errc::invalid_input, std::move(message)};
}

bool valid_variable(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Result<std::string> from_environment(std::string_view name) {
  if (!valid_variable(name)) {
    return bad("'${env:…}' needs the name of an environment variable: letters, digits and '_'");
  }
  const char* const value = std::getenv(std::string(name).c_str());
  if (value == nullptr) {
    return bad("the environment variable " + in_quotes(name) +
               " is not set: set it before the start");
  }
  if (*value == '\0')
    return bad("the environment variable " + in_quotes(name) + " is empty: set it");
  return std::string(value);
}

Result<std::string> from_file(const std::filesystem::path& path) {
  auto content = read_regular_file(path, kMostSecretBytes);
  if (!content) {
    return bad("the file " + in_quotes(path.string()) + " " + content.error().message +
               ": put the secret there, or correct the path");
  }
  std::string text = *std::move(content);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty())
    return bad("the file " + in_quotes(path.string()) + " is empty: put the secret in");
  return text;
}

// The path in "file:path"; empty for any other reference.
std::filesystem::path file_of(std::string_view reference, const std::filesystem::path& folder) {
  constexpr std::string_view kFile = "file:";
  if (!reference.starts_with(kFile) || reference.size() == kFile.size()) return {};
  return below(folder, reference.substr(kFile.size()));
}

Result<std::string> resolve(std::string_view reference, const std::filesystem::path& file) {
  constexpr std::string_view kEnvironment = "env:";
  if (!file.empty()) return from_file(file);
  if (reference.starts_with(kEnvironment)) {
    return from_environment(reference.substr(kEnvironment.size()));
  }
  return bad("'${…}' has to be ${env:NAME} or ${file:path}: for a plain '${' write '$${'");
}

}  // namespace

bool has_reference(std::string_view text) noexcept {
  return text.find("${") != std::string_view::npos;
}

Expansion expand(std::string_view text, const std::filesystem::path& folder) {
  std::string out;
  std::vector<std::filesystem::path> files;
  for (;;) {
    const std::size_t dollar = text.find("${");
    if (dollar == std::string_view::npos) break;
    if (dollar > 0 && text[dollar - 1] == '$') {
      out += text.substr(0, dollar - 1);
      out += "${";
      text.remove_prefix(dollar + 2);
      continue;
    }
    out += text.substr(0, dollar);
    const std::size_t close = text.find('}', dollar);
    if (close == std::string_view::npos) {
      return {bad("a '${' is not closed: add the '}', or write '$${' for a plain '${'"), files};
    }
    const std::string_view reference = text.substr(dollar + 2, close - dollar - 2);
    const std::filesystem::path file = file_of(reference, folder);
    if (!file.empty()) files.push_back(file);
    auto value = resolve(reference, file);
    if (!value) return {std::move(value).error(), files};
    out += *value;
    text.remove_prefix(close + 1);
  }
  out += text;
  return {std::move(out), std::move(files)};
}

}  // namespace longshore
