// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

const std::string kGood =
    "store: ./state.db\n"
    "sources:\n"
    "  - {name: hub, type: dockerhub, token: a-long-enough-token, verify: off}\n"
    "registries: [{host: ghcr.io}]\n"
    "targets:\n"
    "  - {name: manifests, type: files, path: .}\n"
    "policies:\n"
    "  - {image: \"docker.io/acme/*\", policy: semver}\n"
    "  - {image: \"ghcr.io/acme/*\", policy: digest}\n";

TEST_CASE("check says what a good configuration holds", "[cli][check]") {
  const Folder folder;
  const std::string file = folder.write("longshore.yaml", kGood);
  const Ran ran = run({"check", "--config", file});
  CHECK(ran.code == 0);
  CHECK(ran.out == file + ": ok, 1 source, 1 registry, 1 target, 2 policies\n");
  CHECK(ran.err.empty());
}

TEST_CASE("check finds ./longshore.yaml by itself", "[cli][check]") {
  const Folder folder;
  folder.write("longshore.yaml", kGood);
  const Ran ran = run({"check"}, {.folder = folder.path()});
  CHECK(ran.code == 0);
  CHECK(ran.out.find("longshore.yaml: ok") != std::string::npos);
}

TEST_CASE("check names each problem with file, line and column", "[cli][check]") {
  const Folder folder;
  const std::string file = folder.write("bad.yaml", kGood + "nonsense: 1\nlisten: somewhere\n");
  const Ran ran = run({"check", "--config", file});
  CHECK(ran.code == 2);
  CHECK(ran.out.empty());
  CHECK(ran.err.find(file + ":10:1: ") != std::string::npos);
  CHECK(ran.err.find(file + ":11:") != std::string::npos);
  const Ran json = run({"check", "--json", "--config", file});
  CHECK(json.code == 2);
  const auto document = nlohmann::json::parse(json.out);
  CHECK(document.at("ok") == false);
  REQUIRE(document.at("errors").size() == 2);
  CHECK(document.at("errors")[0].at("line") == 10);
  CHECK(document.at("errors")[0].at("column") == 1);
}

TEST_CASE("check shows warnings and is content", "[cli][check]") {
  const Folder folder;
  const std::string file = folder.write(
      "open.yaml", "sources:\n  - {name: hub, type: dockerhub, insecure: true, verify: off}\n");
  const Ran ran = run({"check", "--config", file});
  CHECK(ran.code == 0);
  CHECK(ran.err.find("\n" + file + ":2:") != std::string::npos);
  CHECK(ran.err.find("insecure") != std::string::npos);
  CHECK(ran.err.ends_with(" (warning)\n"));
  const auto document = nlohmann::json::parse(run({"check", "--json", "--config", file}).out);
  CHECK(document.at("ok") == true);
  CHECK_FALSE(document.at("warnings").empty());
  CHECK(document.at("sources") == 1);
}

TEST_CASE("check tells a configuration that is not there", "[cli][check]") {
  const Ran ran = run({"check", "--config", "/nowhere/longshore.yaml"});
  CHECK(ran.code == 2);
  CHECK(ran.err.find("/nowhere/longshore.yaml") != std::string::npos);
}

}  // namespace
}  // namespace longshore::cli_tests
