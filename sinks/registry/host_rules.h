// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/result.h"
#include "sinks/http/message.h"
#include "sinks/http/url.h"
#include "sinks/registry/options.h"

namespace longshore {

// Whether the configuration has an entry for a registry.
enum class Named { no, yes };
// Whether there are credentials to give to a token service.
enum class Secrets { none, some };

// Where a token is asked for.
struct Realm {
  Url url;
  Secrets give = Secrets::none;  // whether credentials may go along
};

// Which hosts one registry may lead us to, and what they are given. The registry's own answers name
// token services and redirect targets; only the configuration, and what is known of Docker Hub and
// GitLab.com, makes one of them trusted.
//
// Pure; threads: safe from every thread.
class HostRules {
 public:
  // Fails with invalid_input if the host is none.
  static Result<HostRules> of(const RegistryOptions& options, Named named);

  // https://host, for docker.io https://registry-1.docker.io.
  const Url& base() const noexcept { return base_; }
  const std::string& host() const noexcept { return options_.host; }

  // The realm of a Bearer challenge (distribution, "Token Authentication Specification"). Fails
  // with unauthorized for one that is no URL of https (of http if the registry itself is plain
  // http), and, if there are secrets, for a host that they may not be given to.
  Result<Realm> realm(std::string_view text, Secrets secrets) const;

  // Fails with unsupported where a redirect or a next page leads from https to http.
  Result<Url> redirect(const Url& from, std::string_view location) const;
  // Fails with unsupported unless it is at the registry's own scheme, host and port.
  Result<Url> next_page(const Url& from, std::string_view link) const;

  // The registry, or a token service that is trusted as its own.
  bool is_own(const Url& url) const;

  // Any address for the hosts that the configuration names, else only public ones.
  Reach reach(const Url& url) const;
  // The authority for every host; the client certificate for the registry's and its auth_hosts.
  TlsFiles tls(const Url& url) const;

 private:
  HostRules(const RegistryOptions& options, Named named, Url base)
      : options_(options), named_(named), base_(std::move(base)) {}
  RegistryOptions options_;
  Named named_;
  Url base_;
};

}  // namespace longshore
