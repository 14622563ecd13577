// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/credentials.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "pipeline/json_reader.h"
#include "sinks/registry/helper.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxFile = 1U << 20;
constexpr std::size_t kMostPreferred = 10'000;
// Docker's own name for its Hub, older than its host.
constexpr std::string_view kHub = "https://index.docker.io/v1/";

// The keys under which programs have written a registry, the most usual first.
std::array<std::string, 5> keys_of(const std::string& host) {
  if (host == "docker.io") {
    return {std::string(kHub), "index.docker.io", "docker.io", "https://index.docker.io/v2/",
            "registry-1.docker.io"};
  }
  return {host, "https://" + host, "http://" + host, "https://" + host + "/v1/",
          "https://" + host + "/v2/"};
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::string("{}");
    return Error{Errc::io, path.string() + ": " + std::strerror(errno)};
  }
  std::string text(kMaxFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return Error{Errc::io, path.string() + " cannot be read"};
  if (text.size() > kMaxFile)
    return Error{Errc::invalid_input, path.string() + " is larger than 1 MiB"};
  return text;
}

struct DockerConfig {
  std::string helper;  // for that host
  std::string helper_for_all;
  std::optional<Credentials> entry;
};

Result<DockerConfig> read_config(const std::filesystem::path& path, const std::string& host) {
  auto text = read_file(path);
  if (!text) return std::move(text).error();
  const auto keys = keys_of(host);
  const std::initializer_list<std::string_view> names = {keys[0], keys[1], keys[2], keys[3],
                                                         keys[4]};
  JsonDocument document(*text);
  const JsonObject root = document.root({"auths", "credHelpers", "credsStore"});
  const JsonObject auths = root.object("auths", names);
  const JsonObject helpers = root.object("credHelpers", names);
  DockerConfig config;
  config.helper_for_all = root.text("credsStore").value_or("");
  for (const std::string& key : keys) {
    if (config.helper.empty()) config.helper = helpers.text(key).value_or("");
    if (!config.entry) config.entry = read_credentials(auths, key);
  }
  if (document.error()) {
    return Error{Errc::invalid_input, path.string() + ": " + document.error()->message};
  }
  return config;
}

}  // namespace

CredentialStore::CredentialStore(const RegistriesOptions& options, const Clock& clock,
                                 FindLogins others)
    : docker_config_(options.docker_config),
      helper_deadline_(options.helper_deadline),
      kept_for_(options.credentials_kept),
      clock_(clock),
      others_(std::move(others)) {}

Result<std::optional<Credentials>> CredentialStore::find(const RegistryOptions& registry,
                                                         const CallScope& call) {
  if (!registry.username.empty()) {
    return std::optional(Credentials{registry.username, registry.password, {}});
  }
  if (docker_config_.empty()) return std::optional<Credentials>();
  {
    const std::lock_guard lock(mutex_);
    const auto kept = kept_.find(registry.host);
    if (kept != kept_.end() && kept->second.until > clock_.steady())
      return kept->second.credentials;
  }
  auto found = look_up(registry.host, call);
  if (!found) return found;
  const std::lock_guard lock(mutex_);
  kept_[registry.host] = Kept{*found, clock_.steady() + kept_for_};
  return found;
}

void CredentialStore::forget(const std::string& host) {
  const std::lock_guard lock(mutex_);
  kept_.erase(host);
}

std::vector<Credentials> CredentialStore::others(const LoginQuestion& question) {
  if (!others_) return {};
  auto found = logins_for(question.repository, others_(question));
  const std::lock_guard lock(mutex_);
  const auto preferred = preferred_.find(question.repository);
  if (preferred == preferred_.end()) return found;
  const auto at = std::find(found.begin(), found.end(), preferred->second);
  if (at != found.end()) std::rotate(found.begin(), at, at + 1);
  return found;
}

void CredentialStore::prefer(const Repository& repository, const Credentials& credentials) {
  const std::lock_guard lock(mutex_);
  if (preferred_.size() >= kMostPreferred) preferred_.clear();
  preferred_.insert_or_assign(repository, credentials);
}

Result<std::optional<Credentials>> CredentialStore::look_up(const std::string& host,
                                                            const CallScope& call) const {
  auto config = read_config(docker_config_, host);
  if (!config) return std::move(config).error();
  const std::string& helper = config->helper.empty() ? config->helper_for_all : config->helper;
  if (helper.empty()) return std::move(config->entry);
  const SteadyTime latest = std::chrono::steady_clock::now() + helper_deadline_;
  const std::string server = host == "docker.io" ? std::string(kHub) : host;
  auto answer = run_helper(helper, server, CallScope{std::min(call.deadline, latest), call.stop});
  if (!answer) return std::move(answer).error();
  if (!*answer) return std::move(config->entry);
  HelperAnswer& found = **answer;
  if (found.username == "<token>")
    return std::optional(Credentials{{}, {}, std::move(found.secret)});
  return std::optional(Credentials{std::move(found.username), std::move(found.secret), {}});
}

}  // namespace longshore
