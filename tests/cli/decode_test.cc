// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

const std::string kPush = R"({"push_data":{"pushed_at":1767225600,"pusher":"mira","tag":"1.4.3"},)"
                          R"("repository":{"repo_name":"acme/app"}})";

TEST_CASE("decode prints the events of a body from standard input", "[cli][decode]") {
  const Ran ran = run({"decode", "--type", "dockerhub", "-"}, {.input = kPush});
  REQUIRE(ran.code == 0);
  CHECK(ran.err.empty());
  CHECK(ran.out.find('\n') == ran.out.size() - 1);
  const auto event = nlohmann::json::parse(ran.out);
  CHECK(event.at("kind") == "pushed");
  CHECK(event.at("host") == "docker.io");
  CHECK(event.at("repository") == "acme/app");
  CHECK(event.at("tag") == "1.4.3");
  CHECK(event.at("actor") == "mira");
  CHECK(event.at("occurred_at") == "2026-01-01T00:00:00.000000Z");
  CHECK(event.at("actionable") == true);
  CHECK_FALSE(event.contains("digest"));
}

TEST_CASE("decode reads a file", "[cli][decode]") {
  const Folder folder;
  const std::string file = folder.write("push.json", kPush);
  const Ran ran = run({"decode", "--type", "dockerhub", file});
  CHECK(ran.code == 0);
  CHECK(ran.out == run({"decode", "--type", "dockerhub", "-"}, {.input = kPush}).out);
  const Ran missing = run({"decode", "--type", "dockerhub", folder / "none.json"});
  CHECK(missing.code == 1);
  CHECK(missing.err.find("none.json") != std::string::npos);
}

TEST_CASE("decode hands on the headers that came with the body", "[cli][decode]") {
  const std::vector<std::string> ping = {
      "decode", "--type", "github", "--header", "X-GitHub-Event: ping", "-"};
  const Ran ran = run(ping, {.input = R"({"zen":"Keep it logically awesome.","hook_id":1})"});
  CHECK(ran.code == 0);
  CHECK(ran.err.find("ping") != std::string::npos);
  const Ran bad = run({"decode", "--type", "github", "--header", "nonsense", "-"});
  CHECK(bad.code == 2);
  CHECK(bad.err.find("Name: value") != std::string::npos);
}

TEST_CASE("decode refuses bad input with exit code 2 and the reason", "[cli][decode]") {
  const Ran not_json = run({"decode", "--type", "dockerhub", "-"}, {.input = "hello"});
  CHECK(not_json.code == 2);
  CHECK(not_json.out.empty());
  const Ran incomplete = run({"decode", "--type", "dockerhub", "-"}, {.input = "{}"});
  CHECK(incomplete.code == 2);
  CHECK(incomplete.err.find("repository") != std::string::npos);
  const Ran unknown = run({"decode", "--type", "nonsense", "-"}, {.input = kPush});
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("dockerhub") != std::string::npos);
}

}  // namespace
}  // namespace longshore::cli_tests
