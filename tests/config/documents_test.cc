// SPDX-License-Identifier: Apache-2.0
// Keeps the JSON Schema for editors and the documentation true to what the reader knows.
#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "config/files.h"
#include "config/keys.h"
#include "receiver/options.h"

using longshore::kFilesTargetKeys;
using longshore::kKubernetesTargetKeys;
using longshore::Words;
using nlohmann::json;

namespace {

using Sorted = std::vector<std::string>;

Sorted sorted(std::span<const std::string_view> words) {
  Sorted out(words.begin(), words.end());
  std::sort(out.begin(), out.end());
  return out;
}

std::string read(const std::string& name) {
  const auto content =
      longshore::read_regular_file(LONGSHORE_SOURCE_DIR "/" + name, std::size_t{1} << 20);
  REQUIRE(content);
  return *content;
}

json schema() {
  return json::parse(read("config/longshore.schema.json"));
}

// A map of the schema and the keys that the reader takes there.
struct Place {
  std::string pointer;
  Words words;
};

const std::vector<Place>& maps() {
  static const std::vector<Place> all = {
      {"", longshore::kRootKeys},
      {"/definitions/store", longshore::kStoreKeys},
      {"/properties/audit", longshore::kAuditKeys},
      {"/properties/limits", longshore::kLimitsKeys},
      {"/definitions/source", longshore::kSourceKeys},
      {"/definitions/registry", longshore::kRegistryKeys},
      {"/definitions/files_target", longshore::kFilesTargetKeys},
      {"/definitions/kubernetes_target", longshore::kKubernetesTargetKeys},
      {"/definitions/rollout", longshore::kRolloutKeys},
      {"/definitions/policy", longshore::kPolicyKeys},
  };
  return all;
}

}  // namespace

TEST_CASE("The schema has exactly the keys that the reader knows", "[config][documents]") {
  const json whole = schema();
  for (const Place& place : maps()) {
    CAPTURE(place.pointer);
    const json& map = whole.at(json::json_pointer(place.pointer));
    Sorted keys;
    for (const auto& [key, value] : map.at("properties").items())
      keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    CHECK(keys == sorted(place.words.known));
    CHECK(map.at("additionalProperties") == false);
  }
}

TEST_CASE("The schema has exactly the words that the reader knows", "[config][documents]") {
  const json whole = schema();
  const std::vector<Place> choices = {
      {"/properties/mode", longshore::kModes},
      {"/definitions/files_target/properties/mode", longshore::kModes},
      {"/definitions/kubernetes_target/properties/mode", longshore::kModes},
      {"/definitions/source/properties/type", longshore::kSourceTypes},
      {"/definitions/target/properties/type", longshore::kTargetTypes},
      {"/definitions/policy/properties/pin", longshore::kPins},
      {"/definitions/source/properties/verify", longshore::kVerify},
      {"/definitions/registry/properties/verify", longshore::kVerify},
  };
  for (const Place& place : choices) {
    CAPTURE(place.pointer);
    Sorted words = whole.at(json::json_pointer(place.pointer)).at("enum").get<Sorted>();
    std::sort(words.begin(), words.end());
    CHECK(words == sorted(place.words.known));
  }
}

TEST_CASE("The source types are those of the receiver", "[config][documents]") {
  for (const std::string_view type : longshore::kSourceTypes.known) {
    const auto parsed = longshore::parse_source_type(type);
    REQUIRE(parsed);
    CHECK(name_of(*parsed) == type);
  }
  for (const std::string_view type : longshore::kSourceTypes.later) {
    CHECK_FALSE(longshore::parse_source_type(type));
  }
}

TEST_CASE("A word is known or of a later build, never both", "[config][documents]") {
  for (const Place& place : maps()) {
    for (const std::string_view word : place.words.later) {
      CAPTURE(word);
      CHECK(std::find(place.words.known.begin(), place.words.known.end(), word) ==
            place.words.known.end());
    }
  }
}

TEST_CASE("The keys of one type of target are told apart from those of the other",
          "[config][documents]") {
  for (const auto& [one, other] : {std::pair{kFilesTargetKeys, kKubernetesTargetKeys},
                                   std::pair{kKubernetesTargetKeys, kFilesTargetKeys}}) {
    CHECK(one.others_of == other.what);
    Sorted only_there = sorted(other.known);
    std::erase_if(only_there, [&words = one.known](const std::string& key) {
      return std::find(words.begin(), words.end(), key) != words.end();
    });
    CHECK(sorted(one.others) == only_there);
  }
}

TEST_CASE("The documentation speaks of every key and the example shows it", "[config][documents]") {
  const std::string guide = read("docs/configuration.md");
  const std::string example = read("config/example.yaml");
  for (const Place& place : maps()) {
    for (const std::string_view key : place.words.known) {
      CAPTURE(place.pointer, key);
      CHECK(guide.find("`" + std::string(key) + "`") != std::string::npos);
      CHECK(example.find(std::string(key) + ":") != std::string::npos);
    }
  }
}
