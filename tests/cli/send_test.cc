// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/cli/fake_server.h"
#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

const std::vector<std::string> kPush = {"send", "--type", "dockerhub", "--image", "acme/app:1.4.3"};

Ran send(std::vector<std::string> more, const Given& given = {}) {
  std::vector<std::string> words = kPush;
  words.insert(words.end(), more.begin(), more.end());
  return run(words, given);
}

std::string join(const std::string& type, const std::string& body) {
  return run({"decode", "--type", type, "-"}, {.input = body}).out;
}

TEST_CASE("send without --to prints the request", "[cli][send]") {
  const Ran ran = send({"--token", "s3cret-token"});
  CHECK(ran.code == 0);
  CHECK(ran.out.find("POST /hooks/dockerhub") == 0);
  CHECK(ran.out.find("s3cret-token") != std::string::npos);
  CHECK(ran.out.find("\n\n{") != std::string::npos);
}

TEST_CASE("What send prints, decode reads", "[cli][send]") {
  for (const std::string type : {"dockerhub", "harbor", "distribution", "native"}) {
    const std::string image =
        type == "dockerhub" ? "acme/app:1.4.3" : "r.example.com/acme/app:1.4.3";
    const Ran ran = run({"send", "--type", type, "--image", image, "--digest",
                         "sha256:" + std::string(64, 'a'), "--token", "s3cret-token", "--body"});
    INFO(type << " " << ran.err);
    REQUIRE(ran.code == 0);
    const auto event = nlohmann::json::parse(join(type, ran.out));
    CHECK(event.at("kind") == "pushed");
    CHECK(event.at("repository") == "acme/app");
    CHECK(event.at("tag") == "1.4.3");
  }
}

TEST_CASE("send takes its token from a file, the environment or the configuration", "[cli][send]") {
  const Folder folder;
  const std::string file = folder.write("token", "from-the-file\n");
  CHECK(send({"--token-file", file}).out.find("from-the-file") != std::string::npos);
  const Given environment{.environment = {{"LONGSHORE_TOKEN", "from-the-environment"}}};
  CHECK(send({}, environment).out.find("from-the-environment") != std::string::npos);
  CHECK(send({"--token-file", file}, environment).out.find("from-the-file") != std::string::npos);
  const std::string config = folder.write(
      "longshore.yaml",
      "sources:\n  - {name: hub, type: dockerhub, token: from-the-config, verify: off}\n");
  const Ran ran = run({"send", "--config", config, "--source", "hub", "--image", "acme/app:1.4.3"});
  CHECK(ran.code == 0);
  CHECK(ran.out.find("POST /hooks/hub") == 0);
  CHECK(ran.out.find("from-the-config") != std::string::npos);
  const Ran unknown =
      run({"send", "--config", config, "--source", "other", "--image", "acme/app:1.4.3"});
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("'other'") != std::string::npos);
}

TEST_CASE("send --json gives the parts of the request", "[cli][send]") {
  const Ran ran = send({"--json", "--token", "s3cret-token", "--source", "hub"});
  REQUIRE(ran.code == 0);
  const auto document = nlohmann::json::parse(ran.out);
  CHECK(document.at("method") == "POST");
  CHECK(document.at("target").get<std::string>().find("/hooks/hub") == 0);
  CHECK(nlohmann::json::parse(document.at("body").get<std::string>()).is_object());
}

TEST_CASE("send posts to a server and shows its answer", "[cli][send]") {
  const auto printed = nlohmann::json::parse(send({"--json", "--token", "s3cret-token"}).out);
  const auto target = printed.at("target").get<std::string>();
  FakeServer server("", {{"POST " + target, {202, "{\"id\":\"01J\",\"events\":1}"}}});
  const std::string to = "http://127.0.0.1:" + std::to_string(server.port());
  const Ran ran = send({"--token", "s3cret-token", "--to", to + "/"});
  INFO(ran.err);
  CHECK(ran.code == 0);
  CHECK(ran.out == "202 taken\n{\"id\":\"01J\",\"events\":1}\n");
  REQUIRE(server.requests().size() == 1);
  const std::string request = server.requests()[0];
  CHECK(join("dockerhub", request.substr(request.find("\r\n\r\n") + 4)).find("1.4.3") !=
        std::string::npos);
  const Ran json = send({"--json", "--token", "s3cret-token", "--to", to});
  CHECK(nlohmann::json::parse(json.out).at("status") == 202);
  const Ran refused = send({"--token", "another", "--to", to});
  CHECK(refused.code == 1);
  CHECK(refused.out.find("404 refused") == 0);
}

TEST_CASE("send tells a server that is not there, without the secret", "[cli][send]") {
  int port = 0;
  { port = FakeServer("", {}).port(); }
  const Ran ran =
      send({"--token", "s3cret-token", "--to", "http://127.0.0.1:" + std::to_string(port)});
  CHECK(ran.code == 3);
  CHECK(ran.err.find("s3cret-token") == std::string::npos);
}

TEST_CASE("send refuses what cannot be sent", "[cli][send]") {
  CHECK(run({"send", "--image", "acme/app:1"}).code == 2);
  CHECK(run({"send", "--type", "nonsense", "--image", "acme/app:1"}).code == 2);
  CHECK(run({"send", "--type", "dockerhub", "--image", "ghcr.io/acme/app:1"}).code == 2);
  CHECK(send({"--digest", "sha256:1"}).code == 2);
  CHECK(send({"--token", "a", "--token-file", "b"}).code == 2);
  CHECK(send({"--to", "http://127.0.0.1:1/hooks/hub/x"}).code == 2);
  CHECK(send({"--to", "ftp://127.0.0.1:1"}).code == 2);
}

}  // namespace
}  // namespace longshore::cli_tests
