// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <system_error>

#include "config/sections.h"

namespace longshore {
namespace {

namespace fs = std::filesystem;

constexpr SizeRange kConcurrency{1, 64};
constexpr double kLeastRate = 0.01;
constexpr double kMostRate = 10'000;
constexpr DurationRange kDeadline{std::chrono::seconds{1}, std::chrono::minutes{10}};

// One without the other is of no use.
void check_pair(const MapReader& map, std::string_view one, std::string_view other) {
  const auto check = [&map](std::string_view there, std::string_view missing) {
    const ValueReader* const value = map.find(there);
    if (value == nullptr || map.find(missing) != nullptr) return;
    value->error("is of no use without '" + std::string(missing) +
                 "': give both, or remove this one");
  };
  check(one, other);
  check(other, one);
}

void read_credentials(const MapReader& map, RegistryOptions& registry) {
  check_pair(map, "username", "password");
  registry.username = map.text("username").value_or("");
  registry.password = map.text("password").value_or("");
  if (registry.username.find(':') != std::string::npos) {
    map.find("username")->error("a user name cannot hold a ':': write what is before it");
  }
  if (registry.plain_http && !registry.password.empty()) {
    map.find("password")->warn("travels in the clear, since the registry is insecure: use TLS");
  }
}

void read_tls(const MapReader& map, RegistryOptions& registry) {
  check_pair(map, "cert", "key");
  registry.ca_file = map.file("ca").value_or(fs::path());
  registry.cert_file = map.file("cert").value_or(fs::path());
  registry.key_file = map.file("key").value_or(fs::path());
}

// As they are written: another name of Docker Hub is another host of it.
std::vector<std::string> read_hosts(const MapReader& map, std::string_view key) {
  std::vector<std::string> hosts;
  for (const ValueReader& value : map.any_number(key)) {
    if (read_host(value)) hosts.push_back(*value.text());
  }
  return hosts;
}

std::vector<std::string> read_mirrors(const MapReader& map, const std::string& own) {
  std::vector<std::string> mirrors;
  for (const ValueReader& value : map.any_number("mirrors")) {
    auto mirror = read_host(value);
    if (!mirror) continue;
    if (*mirror == own) value.error("is the registry itself, which is asked anyway: remove it");
    mirrors.push_back(*std::move(mirror));
  }
  return mirrors;
}

RegistryOptions read_options(const MapReader& map, const std::string& host) {
  RegistryOptions registry;
  registry.host = host;
  registry.plain_http = map.boolean("insecure").value_or(false);
  read_credentials(map, registry);
  read_tls(map, registry);
  registry.auth_hosts = read_hosts(map, "auth_hosts");
  registry.redirect_hosts = read_hosts(map, "redirect_hosts");
  registry.mirrors = read_mirrors(map, host);
  registry.concurrency =
      static_cast<unsigned>(map.number("concurrency", kConcurrency).value_or(registry.concurrency));
  const ValueReader* const rate = map.find("rate");
  if (rate != nullptr) registry.requests_per_second = rate->decimal(kLeastRate, kMostRate);
  registry.deadline = map.duration("deadline", kDeadline).value_or(registry.deadline);
  return registry;
}

void read_registry(const MapReader& map, Lines& lines, RegistrySections& sections) {
  RegistryNames& names = sections.names;
  const ValueReader* const value = map.require("host", "name the registry");
  const auto host = value ? read_host(*value) : std::nullopt;
  if (host && is_new(*value, "the registry", *host, lines)) names.host_of[*host] = *host;
  for (const ValueReader& alias_value : map.any_number("aliases")) {
    const auto alias = read_host(alias_value);
    if (alias && is_new(alias_value, "the registry", *alias, lines) && host) {
      names.host_of[*alias] = *host;
    }
  }
  const bool believed = map.word("verify", kVerify) == "off";
  const auto sweep = read_sweep(map);
  RegistryOptions options = read_options(map, host.value_or(""));
  if (!host) return;
  if (believed) names.believed.insert(*host);
  // Who must not be asked what a tag names is not asked for tags either, unless somebody says so.
  if (sweep || believed) sections.sweeps[*host] = sweep.value_or(std::chrono::seconds{0});
  sections.options.registries.push_back(std::move(options));
}

// Where Docker itself looks; empty if there is none.
fs::path usual_docker_config() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return fs::path(value ? value : "");
  };
  fs::path folder = variable("DOCKER_CONFIG");
  if (folder.empty()) {
    const fs::path home = variable("HOME");
    if (home.empty()) return {};
    folder = home / ".docker";
  }
  std::error_code fault;
  fs::path file = fs::absolute(folder / "config.json", fault);
  return fs::is_regular_file(file, fault) ? file : fs::path();
}

fs::path read_docker_config(const MapReader& root) {
  const ValueReader* const value = root.find("docker_config");
  if (value == nullptr) return usual_docker_config();
  if (value->is("off")) return {};
  return value->file().value_or(fs::path());
}

}  // namespace

RegistrySections read_registries(const MapReader& root) {
  RegistrySections sections;
  Lines lines;
  for (const ValueReader& item : root.list("registries")) {
    if (const auto map = item.map(kRegistryKeys)) read_registry(*map, lines, sections);
  }
  sections.options.docker_config = read_docker_config(root);
  return sections;
}

}  // namespace longshore
