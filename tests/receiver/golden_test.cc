// SPDX-License-Identifier: Apache-2.0
//
// Each body below tests/payloads against what stands beside it: the lines that `decode` prints, why
// it is ignored, or the error. UPDATE_GOLDEN=1 writes what is found instead; read the diff.
#include <cstdlib>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>

#include "receiver/event_json.h"
#include "support/payloads.h"

using longshore::test::Payload;
namespace fs = std::filesystem;

namespace {

struct Golden {
  std::string extension;
  std::string text;
};

Golden golden_of(const Payload& payload) {
  const auto result = longshore::decode_to_json(payload.type, payload.headers, payload.body);
  if (!result) return {".error", result.error().message + "\n"};
  if (result->lines.empty()) return {".ignored", result->ignored + "\n"};
  std::string text;
  for (const std::string& line : result->lines)
    text += line + "\n";
  return {".events", text};
}

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

// Beside push.json and push.form alike there can be only one.
fs::path beside(const fs::path& body, const std::string& extension) {
  return fs::path(body).replace_extension(extension);
}

void write(const Payload& payload, const Golden& golden) {
  for (const char* extension : {".events", ".ignored", ".error"}) {
    fs::remove(beside(payload.path, extension));
  }
  std::ofstream(beside(payload.path, golden.extension), std::ios::binary) << golden.text;
}

}  // namespace

TEST_CASE("Every kept body decodes to what stands beside it", "[receiver][golden]") {
  const bool update = is_set("UPDATE_GOLDEN");
  if (update && is_set("CI")) FAIL("UPDATE_GOLDEN is refused where CI is set");
  const std::vector<Payload> payloads = longshore::test::all_payloads();
  REQUIRE(payloads.size() > 100);
  for (const Payload& payload : payloads) {
    CAPTURE(payload.path.string());
    const Golden golden = golden_of(payload);
    if (update) {
      write(payload, golden);
      continue;
    }
    REQUIRE(fs::exists(beside(payload.path, golden.extension)));
    CHECK(longshore::test::read_file(beside(payload.path, golden.extension)) == golden.text);
  }
}

TEST_CASE("A kept body is an error exactly if its name says so", "[receiver][golden]") {
  for (const Payload& payload : longshore::test::all_payloads()) {
    CAPTURE(payload.path.string());
    const bool named = payload.path.filename().string().starts_with("error-");
    CHECK(named == (golden_of(payload).extension == ".error"));
  }
}

TEST_CASE("A sender's second attempt decodes to the same events", "[receiver][golden]") {
  const auto pair = GENERATE(std::pair{"harbor/captured-retry-500-attempt1.json",
                                       "harbor/captured-retry-500-attempt2.json"},
                             std::pair{"harbor/captured-retry-500-ce-attempt1.json",
                                       "harbor/captured-retry-500-ce-attempt2.json"});
  const auto lines = [](const char* name) {
    const fs::path path = longshore::test::payload_folder() / name;
    const auto result = longshore::decode_to_json(longshore::SourceType::harbor,
                                                  longshore::test::read_headers(path),
                                                  longshore::test::read_file(path));
    REQUIRE(result);
    REQUIRE_FALSE(result->lines.empty());
    return result->lines;
  };
  CHECK(lines(pair.first) == lines(pair.second));
}

// Further deliveries, out of documents that may not be copied, where somebody keeps them.
TEST_CASE("Every sample beside the source tree decodes", "[receiver][golden]") {
  const char* const given = std::getenv("LONGSHORE_SAMPLES");
  const fs::path root = given != nullptr
                            ? fs::path(given)
                            : fs::path(LONGSHORE_SOURCE_DIR) / ".." / "shared" / "samples";
  if (!fs::exists(root)) {
    WARN("no samples at " << root.string());
    return;
  }
  int decoded = 0;
  for (const auto& file : fs::recursive_directory_iterator(root)) {
    const std::string name = file.path().filename().string();
    const std::string extension = file.path().extension().string();
    const auto type = longshore::parse_source_type(name.substr(0, name.find('-')));
    if (!type || (extension != ".json" && extension != ".form")) continue;
    if (file.path().parent_path().filename() == "answers") continue;  // of a registry's API
    CAPTURE(file.path().string());
    // The form sample keeps its headers under a name of its own.
    fs::path body = file.path();
    if (extension == ".form") body.replace_filename(file.path().stem().string() + "-form.form");
    longshore::Headers headers = longshore::test::read_headers(body);
    if (*type == longshore::SourceType::github && headers.empty()) {
      const std::string rest = name.substr(name.find('-') + 1);  // "workflow_run-completed.json"
      headers.emplace_back("X-GitHub-Event", rest.substr(0, rest.find('-')));
    }
    const auto result = longshore::decode(*type, headers, longshore::test::read_file(file.path()));
    CAPTURE(result ? "" : result.error().message);
    CHECK(result);
    if (result) CHECK(result->facts.empty() == !result->ignored.empty());
    ++decoded;
  }
  CHECK(decoded > 0);
}
