// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longshore {

// How one registry is asked. That there is such an entry exempts its host, its mirrors and its
// auth_hosts and redirect_hosts from the rule that only public addresses are dialled.
//
// Hosts are written "name", "name:port" or "[IPv6]:port"; without a port it is the scheme's own.
struct RegistryOptions {
  std::string host;         // as image references name it: "harbor.example.com", "docker.io"
  bool plain_http = false;  // without TLS: passwords and images travel in the clear

  // Without a user name, Docker's config.json is looked into.
  std::string username;
  std::string password;

  std::filesystem::path ca_file;    // trusted besides the system's authorities
  std::filesystem::path cert_file;  // client certificate, shown to this host and its auth_hosts
  std::filesystem::path key_file;

  // Token services on another host or port than the registry that may be given its password; a
  // registry names its token service itself, and could name any. GitLab: its main host.
  std::vector<std::string> auth_hosts;
  // Where downloads may be redirected to although the address is private: an object store.
  // Elsewhere only public addresses are followed to. Credentials are never sent there.
  std::vector<std::string> redirect_hosts;
  // Asked in this order before the registry itself, which is asked when a mirror does not have it
  // or does not answer. A mirror has its own entry if it needs credentials or is plain http. One
  // that lags behind makes us late. Tags are never listed there: it may know only those that were
  // pulled through it.
  std::vector<std::string> mirrors;

  unsigned concurrency = 4;  // requests at a time; more wait
  // No more than this on average, with bursts of a second's worth; none: as many as it answers.
  std::optional<double> requests_per_second;
  // For one call: all its requests, redirects and waits. A list of tags has it for each page.
  std::chrono::milliseconds deadline{30'000};

  friend bool operator==(const RegistryOptions&, const RegistryOptions&) = default;
};

struct RegistriesOptions {
  // A host that has no entry is asked with the defaults, at public addresses only.
  std::vector<RegistryOptions> registries;
  // Docker's config.json, for `auths`, `credHelpers` and `credsStore`; empty: none is read.
  std::filesystem::path docker_config;
  std::chrono::milliseconds helper_deadline{10'000};  // for one docker-credential-NAME
  // What the file and the helpers answered is kept this long, unless the registry refuses it.
  std::chrono::seconds credentials_kept{300};

  friend bool operator==(const RegistriesOptions&, const RegistriesOptions&) = default;
};

}  // namespace longshore
