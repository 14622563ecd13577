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

TEST_CASE("policy says what runs, what is to run and when it is decided again", "[cli][policy]") {
  const Ran ran = run({"policy", "--policy", "semver:~1.4", "--min-age", "3d", "--current",
                       "acme/app:1.4.2", "1.4.3=5d", "1.4.4=2h", "1.5.0"});
  INFO(ran.out);
  CHECK(ran.code == 0);
  CHECK(ran.out.find("update to 1.4.3: 1.4.3 is the highest of 1 tag in ~1.4; 1.4.2 runs now; "
                     "1.4.4 is 2 h old, and min-age is 3 d\n\n"
                     "now:   acme/app:1.4.2\n"
                     "then:  acme/app:1.4.3\n"
                     "again: in 2 d 22 h, at 20") == 0);
  CHECK(ran.out.find("\n1.4.4        is 2 h old, and min-age is 3 d\n") != std::string::npos);
}

TEST_CASE("policy waits for what is too young", "[cli][policy]") {
  const Ran text =
      run({"policy", "--policy", "semver", "--min-age", "1d12h", "--current", "1.4.2", "1.4.3=2h"});
  CHECK(text.out.find("wait for 1.4.3: 1.4.3 is 2 h old, and min-age is 1 d 12 h;") == 0);
  CHECK(text.out.find("\nthen:") == std::string::npos);
  const Ran json = run({"policy", "--json", "--policy", "semver", "--min-age", "3d", "--current",
                        "1.4.2", "1.4.3=2h"});
  const auto document = nlohmann::json::parse(json.out);
  CHECK(document.at("decision") == "wait");
  CHECK(document.at("tag") == "1.4.3");
  CHECK(document.at("due").get<std::string>().ends_with("Z"));
}

TEST_CASE("policy takes a tag's last digest that is old enough", "[cli][policy]") {
  const std::string a = "sha256:" + std::string(64, 'a');
  const std::string b = "sha256:" + std::string(64, 'b');
  const Ran ran = run({"policy", "--policy", "digest", "--min-age", "3d", "--current", "app:main",
                       "main@" + a + "=5d", "main@" + b + "=2h"});
  INFO(ran.out);
  CHECK(ran.out.find("\nthen:  app:main@" + a + "\n") != std::string::npos);
}

TEST_CASE("policy holds what a person went back from, and what is below", "[cli][policy]") {
  const Ran ran = run({"policy", "--policy", "semver", "--held", "1.5.0", "--current", "1.4.2",
                       "1.4.3", "1.5.0", "1.5.1"});
  INFO(ran.out);
  CHECK(ran.out.find("update to 1.5.1: ") == 0);
  CHECK(ran.out.find("\n1.4.3        is held: a person went back from 1.5.0\n") !=
        std::string::npos);
}

TEST_CASE("policy refuses what is no policy, image, tag or age", "[cli][policy]") {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--policy", "semvr", "--current", "1.0", "1.1"},
           {"--policy", "glob:a/*", "--current", "1.0", "1.1"},
           {"--policy", "semver", "--current", "acme/App:1.0", "1.1"},
           {"--policy", "semver", "--current", "1.0", "a b"},
           {"--policy", "semver", "--current", "1.0", "1.1@sha256:00"},
           {"--policy", "semver", "--current", "1.0", "1.1=young"},
           {"--policy", "semver", "--current", "1.0", "--min-age", "3", "1.1"},
           {"--policy", "semver", "--current", "1.0", "--held", "a b", "1.1"}}) {
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
