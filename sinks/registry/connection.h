// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pipeline/clock.h"
#include "pipeline/result.h"
#include "sinks/http/client.h"
#include "sinks/registry/call_scope.h"
#include "sinks/registry/gate.h"
#include "sinks/registry/host_rules.h"

namespace longshore {

// Every request that one registry causes goes through here, to itself, its token service and where
// it redirects to: with its limits on how many and how often, its TLS files, and the rule which
// addresses may be dialled. It makes one attempt, and knows nothing of authentication.
//
// Threads: safe from every thread; send() blocks within the call's deadline.
class RegistryConnection {
 public:
  RegistryConnection(const RegistryOptions& options, HostRules rules, HttpClient& http,
                     const Clock& clock);

  const HostRules& rules() const noexcept { return rules_; }
  const std::string& host() const noexcept { return rules_.host(); }

  // Returns answers below 500 but for 408 and 429, and 501. Fails with
  //   busy         429, or 503 with Retry-After. If the registry itself or its token service said
  //                so, every send() fails so at once until that is over;
  //   unavailable  other answers, none, or one that is broken;
  // and as HttpClient::send() and Gate::enter() do.
  Result<HttpAnswer> send(OutboundRequest request, const Url& url, const CallScope& call);

  // Until when it is not asked; nothing if it may be.
  std::optional<SteadyTime> busy_until() const { return gate_.closed_until(); }

 private:
  std::optional<Error> failure(const Url& url, const HttpAnswer& answer);

  const HostRules rules_;
  HttpClient& http_;
  const Clock& clock_;
  Gate gate_;
};

}  // namespace longshore
