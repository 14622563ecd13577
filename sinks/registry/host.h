// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sinks/registry/authorizer.h"
#include "sinks/registry/connection.h"

namespace longshore {

enum class Redirects { refused, followed };

// What is read from a registry.
struct RegistryRead {
  std::string method = "GET";
  Url url;                 // at the registry's own origin
  std::string repository;  // whose rights are needed
  HttpFields fields = {};
  std::size_t max_body_bytes = 1U << 20;
  Redirects redirects = Redirects::refused;
};

// One registry: its limits, its tokens, and one authenticated read at a time for each caller.
//
// Threads: safe from every thread; read() blocks within the call's deadline.
class RegistryHost {
 public:
  RegistryHost(const RegistryOptions& options, HostRules rules, HttpClient& http,
               CredentialStore& credentials, const Clock& clock);

  const std::string& name() const noexcept { return options_.host; }
  const RegistryOptions& options() const noexcept { return options_; }
  const HostRules& rules() const noexcept { return connection_.rules(); }
  // At /v2/ and what follows.
  Result<Url> url(const std::string& path) const;

  // Returns the answer of who has the last word: after a challenge the one with authorization,
  // after at most five redirects the one of their target, which is never sent the authorization
  // unless it is at the registry's own scheme, host and port. A redirect is an answer if it is not
  // to be followed. Fails with unauthorized as Authorizer says, and as RegistryConnection::send()
  // does.
  Result<HttpAnswer> read(const RegistryRead& read, const CallScope& call);

  std::optional<SteadyTime> busy_until() const { return connection_.busy_until(); }

 private:
  Result<HttpAnswer> send(const RegistryRead& read, const Url& url, const CallScope& call);
  Result<HttpAnswer> send_authorized(const RegistryRead& read, const Url& url,
                                     const CallScope& call);
  Result<HttpAnswer> send_with(const RegistryRead& read, const Url& url,
                               const std::string& authorization, const CallScope& call);

  const RegistryOptions options_;
  RegistryConnection connection_;
  Authorizer authorizer_;
};

}  // namespace longshore
