// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/config.h"
#include "tests/config/variable.h"
#include "tests/support/temp_folder.h"

using longshore::Config;
using longshore::ConfigErrors;
using longshore::ConfigProblem;
using longshore::FilesTargetOptions;
using longshore::KubernetesTargetOptions;
using longshore::load_config;
using longshore::LoadedConfig;
using longshore::needs_restart;
using longshore::test::TempFolder;
using longshore::test::Variable;

namespace {

LoadedConfig load_good(const std::filesystem::path& file) {
  auto result = load_config(file);
  if (const auto* errors = std::get_if<ConfigErrors>(&result)) FAIL(errors->str());
  return std::get<LoadedConfig>(std::move(result));
}

std::string warnings_of(const LoadedConfig& loaded) {
  std::string text;
  for (const ConfigProblem& warning : loaded.warnings) {
    text += std::to_string(warning.line) + ":" + std::to_string(warning.column) + ": " +
            warning.message + "\n";
  }
  return text;
}

const std::string kSource = "{name: a, type: native, token: long-enough, verify: off}";

}  // namespace

TEST_CASE("The example file loads, with every key in its place", "[config][load]") {
  const TempFolder folder;
  folder.folder("deploy");
  for (const std::string name :
       {"docker.json", "ca.pem", "longshore.pem", "longshore.key", "kubeconfig"})
    folder.write(name, "content");
  const Variable hub("HUB_TOKEN", "hub-token-1");
  const Variable harbor("HARBOR_TOKEN", "harbor-token-1");
  const Variable next("HARBOR_TOKEN_NEXT", "harbor-token-2");
  const Variable github("GITHUB_SECRET", "github-secret");
  const Variable mirror("MIRROR_TOKEN", "mirror-token");
  const Variable robot("HARBOR_PASSWORD", "harbor-password");
  const Variable ci("CI_SECRET", "whsec_bG9uZ3Nob3JlLWV4YW1wbGUtc2VjcmV0LTMyYnl0ZQ==");
  const auto file = folder.path() / "longshore.yaml";
  std::filesystem::copy_file(LONGSHORE_SOURCE_DIR "/config/example.yaml", file);
  const LoadedConfig loaded = load_good(file);
  const Config& config = loaded.config;

  CHECK(config.receiver.listen_host == "0.0.0.0");
  CHECK(config.receiver.listen_port == 8080);
  CHECK(config.pipeline.store.path == folder.path() / "longshore.db");
  CHECK(config.pipeline.audit.file == folder.path() / "audit.jsonl");
  CHECK_FALSE(config.pipeline.observe);
  REQUIRE(config.receiver.sources.size() == 6);
  const auto& sources = config.receiver.sources;
  CHECK(sources[0].tokens == std::vector<std::string>{"hub-token-1"});
  CHECK(sources[0].images == std::vector<std::string>{"docker.io/acme/*"});
  CHECK(sources[0].verify);
  CHECK_FALSE(sources[4].verify);
  CHECK(sources[1].tokens == std::vector<std::string>{"harbor-token-1", "harbor-token-2"});
  CHECK(sources[1].host == "harbor.example.com");
  CHECK(sources[2].secrets == std::vector<std::string>{"github-secret"});
  REQUIRE(sources[2].from.size() == 2);
  CHECK(sources[2].from[0].contains("192.0.2.200"));
  CHECK(sources[0].from.empty());
  REQUIRE(config.receiver.trusted_proxies.size() == 2);
  CHECK(config.receiver.trusted_proxies[1].contains("::1"));
  CHECK(sources[3].prefix == "mirror");
  CHECK(sources[4].type == longshore::SourceType::native);
  CHECK(sources[5].insecure);
  CHECK(config.receiver.registries.host_of ==
        std::map<std::string, std::string, std::less<>>{
            {"registry.example.com", "registry.example.com"},
            {"registry:5000", "registry.example.com"},
            {"10.0.0.5:5000", "registry.example.com"},
            {"harbor.example.com", "harbor.example.com"},
            {"mirror.example.com:5000", "mirror.example.com:5000"}});
  CHECK(config.receiver.registries.believed.contains("mirror.example.com:5000"));
  REQUIRE(config.registries.registries.size() == 3);
  const longshore::RegistryOptions& registry = config.registries.registries[0];
  CHECK(registry.username == "robot$longshore");
  CHECK(registry.password == "harbor-password");
  CHECK(registry.ca_file == folder.path() / "ca.pem");
  CHECK(registry.mirrors == std::vector<std::string>{"mirror.example.com:5000"});
  CHECK(config.registries.docker_config == folder.path() / "docker.json");
  CHECK(config.pipeline.sweep.every == std::chrono::hours(1));
  CHECK(config.pipeline.sweep.every_of_host.at("harbor.example.com") == std::chrono::minutes(15));
  REQUIRE(config.targets.size() == 4);
  const auto& manifests = std::get<FilesTargetOptions>(config.targets[0]);
  CHECK(manifests.path == folder.path() / "deploy");
  CHECK(manifests.include == FilesTargetOptions().include);
  CHECK(manifests.rescan == FilesTargetOptions().rescan);
  CHECK(manifests.exclude == std::vector<std::string>{"charts/*"});
  KubernetesTargetOptions prod;
  prod.name = "prod";
  CHECK(std::get<KubernetesTargetOptions>(config.targets[1]) == prod);
  KubernetesTargetOptions shop;
  shop.name = "shop";
  shop.kubeconfig = folder.path() / "kubeconfig";
  shop.context = "shop-admin";
  shop.namespaces = {"shop", "shop-test"};
  CHECK(std::get<KubernetesTargetOptions>(config.targets[2]) == shop);
  CHECK(std::get<KubernetesTargetOptions>(config.targets[3]).namespace_labels ==
        "longshore=yes,stage!=test");
  CHECK(config.pipeline.observed_targets == std::vector<std::string>{"shop"});
  REQUIRE(config.pipeline.policies.size() == 4);
  CHECK(config.pipeline.policies[1].image == "docker.io/acme/*");
  CHECK(to_string(config.pipeline.policies[1].settings.policy) == "semver:~1.4");
  CHECK(config.pipeline.policies[1].settings.min_age == std::chrono::hours(72));
  CHECK(config.pipeline.policies[1].sweep == std::chrono::minutes(10));
  CHECK(warnings_of(loaded) ==
        "71:5: sources[5]: source 'lab' is insecure: whoever reaches it may send notifications; "
        "set a 'token'\n");
}

TEST_CASE("The example's values are the defaults that it claims", "[config][load]") {
  const TempFolder folder;
  const Config config = load_good(folder.write("c.yaml", "mode: act\n")).config;
  CHECK(config.receiver.listen_host == "127.0.0.1");
  CHECK(config.receiver.listen_port == 8080);
  CHECK(config.pipeline.store.path == folder.path() / "longshore.db");
  CHECK(config.pipeline.store.keep == std::chrono::hours(30 * 24));
  CHECK(config.pipeline.store.keep_events == 1'000'000);
  CHECK(config.pipeline.audit.file == folder.path() / "audit.jsonl");
  CHECK(config.pipeline.audit.rotate_bytes == 100U << 20);
  CHECK(config.pipeline.audit.keep_files == 10);
  CHECK(config.drain_delay == std::chrono::seconds(5));
  CHECK(config.receiver.max_body_bytes == 1U << 20);
  CHECK(config.receiver.max_in_flight_bytes == 64U << 20);
  CHECK(config.receiver.worker_threads == 8);
  CHECK(config.pipeline.backlog_events == 500'000);
}

TEST_CASE("Every number and word of the file arrives", "[config][load]") {
  const TempFolder folder;
  folder.folder("m");
  const auto file = folder.write("c.yaml",
                                 "listen: '[::1]:0'\n"
                                 "store: {path: /data/x.db, keep: 96h, keep_events: 250000}\n"
                                 "audit: {file: a, rotate: 65536, keep: 3}\n"
                                 "mode: observe\n"
                                 "drain_delay: 1500ms\n"
                                 "limits: {body: 2MiB, in_flight: 4MiB, backlog: 7, workers: 2}\n"
                                 "targets:\n"
                                 "  - {name: m, type: files, path: m, include: '*.yml',\n"
                                 "     exclude: [], mode: observe, rescan: 90s}\n"
                                 "policies:\n"
                                 "  - {image: '*', policy: digest, pin: digest, prerelease: true,\n"
                                 "     rollback: false}\n"
                                 "  - {image: 'docker.io/x/y', policy: never, pin: tag}\n"
                                 "sources: [" +
                                     kSource + "]\n");
  const Config config = load_good(file).config;
  CHECK(config.receiver.listen_host == "::1");
  CHECK(config.receiver.listen_port == 0);
  CHECK(config.pipeline.store.path == "/data/x.db");
  CHECK(config.pipeline.store.keep == std::chrono::hours(96));
  CHECK(config.pipeline.store.keep_events == 250'000);
  CHECK(config.pipeline.audit.file == folder.path() / "a");
  CHECK(config.pipeline.audit.rotate_bytes == 65'536);
  CHECK(config.pipeline.audit.keep_files == 3);
  CHECK(config.pipeline.observe);
  CHECK(config.drain_delay == std::chrono::milliseconds(1500));
  CHECK(config.receiver.max_body_bytes == 2U << 20);
  CHECK(config.receiver.max_in_flight_bytes == 4U << 20);
  CHECK(config.pipeline.backlog_events == 7);
  CHECK(config.receiver.worker_threads == 2);
  const auto& files = std::get<FilesTargetOptions>(config.targets[0]);
  CHECK(files.include == std::vector<std::string>{"*.yml"});
  CHECK(files.exclude.empty());
  CHECK(files.rescan == std::chrono::seconds(90));
  CHECK(config.pipeline.observed_targets == std::vector<std::string>{"m"});
  CHECK(config.pipeline.policies[0].settings.pin == longshore::Pin::digest);
  CHECK(config.pipeline.policies[0].settings.prerelease);
  CHECK_FALSE(config.pipeline.policies[0].settings.rollback);
  CHECK(config.pipeline.policies[1].settings.pin == longshore::Pin::tag);
  CHECK(config.pipeline.policies[1].settings.rollback);
}

TEST_CASE("The store may be a path alone", "[config][load]") {
  const TempFolder folder;
  const Config config = load_good(folder.write("c.yaml", "store: ./x/../y.db\n")).config;
  CHECK(config.pipeline.store.path == folder.path() / "x/../y.db");
  CHECK(config.pipeline.store.keep == std::chrono::hours(30 * 24));
}

TEST_CASE("Without sources or targets the file loads with a warning", "[config][load]") {
  const TempFolder folder;
  const LoadedConfig loaded = load_good(folder.write("c.yaml", "sources: []\n"));
  CHECK(warnings_of(loaded) ==
        "0:0: there are no sources, so nothing will be received\n"
        "0:0: there are no targets, so nothing will be brought up to date\n");
}

TEST_CASE("What is unwise is a warning at its place", "[config][load]") {
  struct Case {
    std::string content;
    std::string warning;
  };
  const auto item = GENERATE(
      Case{"sources:\n- {name: a, type: native, token: short, verify: off}\n",
           "2:34: sources[0].token: is shorter than 8"},
      Case{"sources:\n- {name: a, type: native, token: [long-enough, short], verify: off}\n",
           "2:48: sources[0].token[1]: is shorter than 8"},
      Case{"sources:\n- {name: a, type: native, token: 'long enough ', verify: off}\n",
           "2:34: sources[0].token: begins or ends with a space"},
      Case{"sources:\n- {name: a, type: native, insecure: true, verify: off}\n",
           "2:3: sources[0]: source 'a' is insecure"},
      Case{"policies: [{image: 'acme/*', policy: never}]\n",
           "1:20: policies[0].image: the pattern begins with no registry's host"},
      Case{"policies: [{image: 'docker.io/*', policy: never},\n  {image: 'docker.io/a/*', policy: "
           "never}]\n",
           "2:3: policies[1]: the policy for 'docker.io/a/*' is never used"});
  const TempFolder folder;
  CHECK_THAT(warnings_of(load_good(folder.write("c.yaml", item.content))),
             Catch::Contains(item.warning));
}

TEST_CASE("A pattern may begin with a host that the file names", "[config][load]") {
  const TempFolder folder;
  const LoadedConfig loaded = load_good(folder.write(
      "c.yaml",
      "registries: [{host: registry}]\n"
      "sources: [{name: a, type: native, host: zot, images: zot/*, token: long-enough, verify: "
      "off},\n"
      "  {name: b, type: native, images: [registry/*], token: long-enough, verify: off}]\n"
      "policies: [{image: 'registry/*', policy: never}, {image: 'zot/*', policy: digest}]\n"));
  CHECK_THAT(warnings_of(loaded), !Catch::Contains("pattern"));
}

TEST_CASE("Hosts are kept in the form in which they are compared", "[config][load]") {
  const TempFolder folder;
  const Config config =
      load_good(folder.write("c.yaml",
                             "registries: [{host: Registry.Example.com, aliases: 'REG:5000'}]\n"
                             "sources: [{name: a, type: native, host: index.docker.io, token: "
                             "long-enough, verify: off}]\n"))
          .config;
  CHECK(config.receiver.registries.host_of.at("reg:5000") == "registry.example.com");
  CHECK(config.receiver.sources[0].host == "docker.io");
}

TEST_CASE("Secrets are found anywhere in a text and named as inputs", "[config][load]") {
  const TempFolder folder;
  folder.write("keys/b", "second-part\n");
  folder.write("keys/a", "first-part\n");
  const Variable port("LONGSHORE_TEST_PORT", "9000");
  const auto file =
      folder.write("c.yaml",
                   "listen: 127.0.0.1:${env:LONGSHORE_TEST_PORT}\n"
                   "sources: [{name: a, type: native, verify: off,\n"
                   "  token: ['${file:keys/b}', '${file:./keys/a}-${file:keys/b}']}]\n");
  const Config config = load_good(file).config;
  CHECK(config.receiver.listen_port == 9000);
  CHECK(config.receiver.sources[0].tokens ==
        std::vector<std::string>{"second-part", "first-part-second-part"});
  CHECK(config.inputs == std::vector{file, folder.path() / "keys/a", folder.path() / "keys/b"});
}

TEST_CASE("Durations and sizes may come from the environment", "[config][load]") {
  const TempFolder folder;
  const Variable delay("LONGSHORE_TEST_DELAY", "7s");
  const Variable body("LONGSHORE_TEST_BODY", "4096");
  const Config config = load_good(folder.write("c.yaml",
                                               "drain_delay: ${env:LONGSHORE_TEST_DELAY}\n"
                                               "limits: {body: '${env:LONGSHORE_TEST_BODY}'}\n"))
                            .config;
  CHECK(config.drain_delay == std::chrono::seconds(7));
  CHECK(config.receiver.max_body_bytes == 4096);
}

TEST_CASE("Anchors, a byte order mark and CRLF are taken as YAML means them", "[config][load]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml",
                                 "\xef\xbb\xbfpolicies:\r\n"
                                 "  - {image: 'docker.io/a/*', policy: &p 'semver:~1.4'}\r\n"
                                 "  - {image: 'docker.io/b/*', policy: *p}\r\n");
  const Config config = load_good(file).config;
  REQUIRE(config.pipeline.policies.size() == 2);
  CHECK(config.pipeline.policies[0].settings == config.pipeline.policies[1].settings);
}

TEST_CASE("Places are right behind a byte order mark", "[config][load]") {
  const TempFolder folder;
  const auto result = load_config(folder.write("c.yaml", "\xef\xbb\xbfmode: acting\n"));
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  CHECK(std::get<ConfigErrors>(result).problems[0].line == 1);
  CHECK(std::get<ConfigErrors>(result).problems[0].column == 7);
}

TEST_CASE("A files target may be reached through a link, but once", "[config][load]") {
  const TempFolder folder;
  folder.folder("real");
  std::filesystem::create_directory_symlink("real", folder.path() / "link");
  const std::string one = "targets:\n  - {name: a, type: files, path: link}\n";
  const Config config = load_good(folder.write("c.yaml", one)).config;
  CHECK(std::get<FilesTargetOptions>(config.targets[0]).path == folder.path() / "link");
  const auto both =
      load_config(folder.write("c.yaml", one + "  - {name: b, type: files, path: real}\n"));
  REQUIRE(std::holds_alternative<ConfigErrors>(both));
  CHECK_THAT(std::get<ConfigErrors>(both).str(), Catch::Contains("overlaps"));
}

TEST_CASE("Folders with a common beginning of their names do not overlap", "[config][load]") {
  const TempFolder folder;
  folder.folder("deploy");
  folder.folder("deploy-two");
  load_good(folder.write("c.yaml",
                         "targets: [{name: a, type: files, path: deploy},\n"
                         "  {name: b, type: files, path: deploy-two}]\n"));
}

TEST_CASE("A relative name of the file is taken from the working folder", "[config][load]") {
  const TempFolder folder;
  folder.write("sub/c.yaml", "mode: act\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const Config config = load_good("./sub/c.yaml").config;
  std::filesystem::current_path(before);
  CHECK(config.file == "./sub/c.yaml");
  CHECK(config.inputs == std::vector{folder.path() / "sub/c.yaml"});
  CHECK(config.pipeline.store.path == folder.path() / "sub/longshore.db");
}

TEST_CASE("Listen, store, audit and limits need a restart, all else does not", "[config][load]") {
  Config current;
  CHECK(needs_restart(current, current).empty());

  Config next = current;
  next.receiver.sources.emplace_back();
  next.receiver.registries.host_of["a"] = "a";
  next.pipeline.policies.push_back({"*", {longshore::NeverPolicy{}}});
  next.pipeline.observe = true;
  next.targets.emplace_back(KubernetesTargetOptions());
  next.drain_delay = std::chrono::seconds(1);
  CHECK(needs_restart(current, next).empty());

  const auto only = [&](const auto& change) {
    Config changed = current;
    change(changed);
    const auto messages = needs_restart(current, changed);
    return messages.size() == 1 ? messages[0].substr(0, messages[0].find(' ')) : "";
  };
  CHECK(only([](Config& c) { c.receiver.listen_host = "::"; }) == "'listen'");
  CHECK(only([](Config& c) { c.receiver.listen_port = 1; }) == "'listen'");
  CHECK(only([](Config& c) { c.pipeline.store.path = "x"; }) == "'store'");
  CHECK(only([](Config& c) { c.pipeline.store.keep = std::chrono::hours(1); }) == "'store'");
  CHECK(only([](Config& c) { c.pipeline.store.keep_events = 1; }) == "'store'");
  CHECK(only([](Config& c) { c.pipeline.audit.file = "x"; }) == "'audit'");
  CHECK(only([](Config& c) { c.pipeline.audit.rotate_bytes = 1; }) == "'audit'");
  CHECK(only([](Config& c) { c.pipeline.audit.keep_files = 1; }) == "'audit'");
  CHECK(only([](Config& c) { c.receiver.worker_threads = 1; }) == "'limits'");
  CHECK(only([](Config& c) { c.pipeline.backlog_events = 1; }) == "'limits'");

  next.receiver.listen_port = 1;
  next.pipeline.audit.keep_files = 1;
  const auto messages = needs_restart(current, next);
  REQUIRE(messages.size() == 2);
  CHECK_THAT(messages[0], Catch::Contains("restart"));
}
