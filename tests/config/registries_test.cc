// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/config.h"
#include "tests/config/variable.h"
#include "tests/support/temp_folder.h"

using namespace std::chrono_literals;
using longshore::Config;
using longshore::ConfigErrors;
using longshore::load_config;
using longshore::LoadedConfig;
using longshore::RegistryOptions;
using longshore::test::TempFolder;
using longshore::test::Variable;

namespace {

using Texts = std::vector<std::string>;

LoadedConfig load_good(const TempFolder& folder, const std::string& content) {
  auto result = load_config(folder.write("c.yaml", content));
  if (const auto* errors = std::get_if<ConfigErrors>(&result)) FAIL(errors->str());
  return std::get<LoadedConfig>(std::move(result));
}

RegistryOptions load_registry(const TempFolder& folder, const std::string& keys) {
  const Config config = load_good(folder, "registries: [{host: x.example, " + keys + "}]\n").config;
  REQUIRE(config.registries.registries.size() == 1);
  return config.registries.registries[0];
}

}  // namespace

TEST_CASE("A registry that is only named is asked with the defaults", "[config][registries]") {
  const TempFolder folder;
  RegistryOptions expected;
  expected.host = "reg.example:5000";
  const auto loaded = load_good(folder, "registries: [{host: 'REG.example:5000'}]\n");
  CHECK(loaded.config.registries.registries == std::vector{expected});
  CHECK(loaded.config.receiver.registries.believed.empty());
  CHECK(loaded.config.pipeline.sweep.every_of_host.empty());
}

TEST_CASE("Every key of a registry arrives", "[config][registries]") {
  const TempFolder folder;
  for (const std::string name : {"ca.pem", "c.pem", "c.key"})
    folder.write(name, "content");
  const Config config =
      load_good(
          folder,
          "registries:\n"
          "  - host: reg.example\n"
          "    insecure: false\n"
          "    username: robot$longshore\n"
          "    password: 'a:b c'\n"
          "    ca: ca.pem\n"
          "    cert: ./c.pem\n"
          "    key: c.key\n"
          "    auth_hosts: [auth.example, 'AUTH.example:8443', index.docker.io]\n"
          "    redirect_hosts: s3.example:9000\n"
          "    mirrors: ['Mirror.example:5000', registry-1.docker.io]\n"
          "    concurrency: 9\n"
          "    rate: 0.5\n"
          "    deadline: 7s\n"
          "    verify: off\n"
          "    sweep: 5m\n"
          "  - {host: other.example, insecure: true, rate: 20, verify: required, sweep: off}\n")
          .config;
  REQUIRE(config.registries.registries.size() == 2);
  const RegistryOptions& registry = config.registries.registries[0];
  CHECK_FALSE(registry.plain_http);
  CHECK(registry.username == "robot$longshore");
  CHECK(registry.password == "a:b c");
  CHECK(registry.ca_file == folder.path() / "ca.pem");
  CHECK(registry.cert_file == folder.path() / "c.pem");
  CHECK(registry.key_file == folder.path() / "c.key");
  CHECK(registry.auth_hosts == Texts{"auth.example", "AUTH.example:8443", "index.docker.io"});
  CHECK(registry.redirect_hosts == Texts{"s3.example:9000"});
  CHECK(registry.mirrors == Texts{"mirror.example:5000", "docker.io"});
  CHECK(registry.concurrency == 9);
  CHECK(registry.requests_per_second == 0.5);
  CHECK(registry.deadline == 7s);
  const RegistryOptions& other = config.registries.registries[1];
  CHECK(other.plain_http);
  CHECK(other.requests_per_second == 20);
  using Believed = std::set<std::string, std::less<>>;
  CHECK(config.receiver.registries.believed == Believed{"reg.example"});
  CHECK(config.pipeline.sweep.every_of_host ==
        std::map<std::string, std::chrono::seconds>{{"reg.example", 300s}, {"other.example", 0s}});
}

TEST_CASE("A registry's password may be a secret", "[config][registries]") {
  const TempFolder folder;
  folder.write("robot", "from-a-file\n");
  const RegistryOptions registry =
      load_registry(folder, "username: robot, password: '${file:robot}'");
  CHECK(registry.password == "from-a-file");
}

TEST_CASE("A password that travels in the clear is a warning", "[config][registries]") {
  const TempFolder folder;
  const auto loaded = load_good(
      folder, "registries: [{host: x, insecure: true, username: u, password: not-shown}]\n");
  REQUIRE_FALSE(loaded.warnings.empty());
  const std::string& message = loaded.warnings.back().message;
  CHECK_THAT(message, Catch::Contains("registries[0].password: travels in the clear"));
  CHECK_THAT(message, !Catch::Contains("not-shown"));
}

TEST_CASE("Docker's config.json is the named one, or where Docker looks", "[config][registries]") {
  const TempFolder folder;
  const auto named = folder.write("mine.json", "{}");
  const auto docker = folder.write("docker/config.json", "{}");
  const auto home = folder.write("home/.docker/config.json", "{}");
  const auto found = [&](const std::string& content) {
    return load_good(folder, content + "\nmode: act\n").config.registries.docker_config;
  };
  const std::string home_before = std::getenv("HOME") ? std::getenv("HOME") : "/";
  ::setenv("HOME", (folder.path() / "home").c_str(), 1);
  CHECK(found("") == home);
  {
    const Variable variable("DOCKER_CONFIG", docker.parent_path());
    CHECK(found("") == docker);
    CHECK(found("docker_config: mine.json") == named);
    CHECK(found("docker_config: off").empty());
  }
  {
    const Variable variable("DOCKER_CONFIG", folder.path() / "nowhere");
    CHECK(found("").empty());
  }
  ::setenv("HOME", folder.path().c_str(), 1);
  CHECK(found("").empty());
  ::setenv("HOME", home_before.c_str(), 1);
}

TEST_CASE("A file that is missing is followed, since it may come", "[config][registries]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "registries: [{host: x, ca: later.pem}]\n");
  const auto result = load_config(file);
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  CHECK(std::get<ConfigErrors>(result).inputs == std::vector{file, folder.path() / "later.pem"});
}

TEST_CASE("Other options of registries need no restart", "[config][registries]") {
  Config next;
  next.registries.registries.emplace_back();
  next.registries.docker_config = "x";
  next.pipeline.sweep.every = 5s;
  next.receiver.registries.believed.insert("x");
  CHECK(longshore::needs_restart(Config(), next).empty());
}
