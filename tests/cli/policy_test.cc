// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

TEST_CASE("policy prints the decision and why, for each tag", "[cli][policy]") {
  const Ran ran =
      run({"policy", "--policy", "semver:~1.4", "--current", "1.4.2", "1.4.3", "1.5.0", "latest"});
  CHECK(ran.code == 0);
  CHECK(ran.out.find("update to 1.4.3: ") == 0);
  for (const char* tag : {"\n1.4.3   wins", "\n1.5.0 ", "\nlatest "}) {
    INFO(ran.out);
    CHECK(ran.out.find(tag) != std::string::npos);
  }
}

TEST_CASE("policy --json has the documented members", "[cli][policy]") {
  const Ran ran = run({"policy", "--json", "--policy", "semver", "--current",
                       "ghcr.io/acme/app:1.4.2", "1.4.3", "1.3.0"});
  REQUIRE(ran.code == 0);
  const auto json = nlohmann::json::parse(ran.out);
  CHECK(json.at("decision") == "update");
  CHECK(json.at("tag") == "1.4.3");
  CHECK_FALSE(json.at("reason").get<std::string>().empty());
  REQUIRE(json.at("candidates").size() == 2);
  CHECK(json.at("candidates")[0].at("tag") == "1.4.3");
  CHECK(json.at("candidates")[0].at("wins") == true);
  CHECK_FALSE(json.at("candidates")[1].at("why").get<std::string>().empty());
}

TEST_CASE("policy leaves out the tag where none wins", "[cli][policy]") {
  const Ran ran = run({"policy", "--json", "--policy", "never", "--current", "1.0", "1.1"});
  REQUIRE(ran.code == 0);
  const auto json = nlohmann::json::parse(ran.out);
  CHECK(json.at("decision") == "skip");
  CHECK_FALSE(json.contains("tag"));
}

TEST_CASE("policy follows a moving tag by its digest", "[cli][policy]") {
  const std::string digest = "sha256:" + std::string(64, 'b');
  const Ran ran = run({"policy", "--json", "--policy", "digest", "--current",
                       "app:latest@sha256:" + std::string(64, 'a'), "latest@" + digest});
  REQUIRE(ran.code == 0);
  CHECK(nlohmann::json::parse(ran.out).at("decision") == "update");
}

TEST_CASE("policy takes prereleases only if asked", "[cli][policy]") {
  const std::vector<std::string> words = {"policy",    "--policy", "semver",
                                          "--current", "1.0.0",    "1.1.0-rc.1"};
  CHECK(run(words).out.find("skip") == 0);
  auto asked = words;
  asked.emplace_back("--prerelease");
  CHECK(run(asked).out.find("update to 1.1.0-rc.1") == 0);
}

TEST_CASE("policy refuses what is no policy, image or tag", "[cli][policy]") {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--policy", "semvr", "--current", "1.0", "1.1"},
           {"--policy", "glob:a/*", "--current", "1.0", "1.1"},
           {"--policy", "semver", "--current", "acme/App:1.0", "1.1"},
           {"--policy", "semver", "--current", "1.0", "a b"},
           {"--policy", "semver", "--current", "1.0", "1.1@sha256:00"}}) {
    std::vector<std::string> all = {"policy"};
    all.insert(all.end(), words.begin(), words.end());
    const Ran ran = run(all);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK_FALSE(ran.err.empty());
  }
}

}  // namespace
}  // namespace longshore::cli_tests
