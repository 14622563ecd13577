// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/result.h"
#include "sinks/registry/connection.h"
#include "sinks/registry/credentials.h"
#include "sinks/registry/header_fields.h"
#include "sinks/registry/login_walk.h"

namespace longshore {

// Knows what to put into the Authorization of a request to one registry.
//
// A registry is asked without until it answers 401; what its challenge was is remembered, so that
// later repositories cost one request less. Basic: the credentials. Bearer (distribution, "Token
// Authentication Specification"): a token for `repository:NAME:pull`, kept until shortly before it
// expires. Which token services are asked, and which are given credentials: HostRules::realm().
//
// Threads: safe from every thread. Two threads may fetch the same token at the same time; either is
// good.
class Authorizer {
 public:
  Authorizer(const RegistryOptions& options, RegistryConnection& connection,
             CredentialStore& credentials, const Clock& clock);

  // What to send first: "" before the first challenge.
  Result<std::string> authorization(const std::string& repository, const CallScope& call);

  // The ways in that one read may try beyond that.
  LoginWalk walk(const std::string& repository, const CallScope& call) {
    return {credentials_, options_, repository, call};
  }
  // What to send after `refused` was answered with these challenges: never the same token again,
  // and with the next way of the walk. Fails with unauthorized if there is no way that we know, no
  // credentials where some are wanted, or if the walk has ended.
  Result<std::string> renew(const std::vector<Challenge>& challenges, const std::string& repository,
                            std::string_view refused, LoginWalk& walk, const CallScope& call);
  // The same after a 403 that asks for nothing: unauthorized, too, if nobody else may be asked as.
  Result<std::string> renew_as_another(const std::string& repository, std::string_view refused,
                                       LoginWalk& walk, const CallScope& call);

 private:
  struct Token {
    std::string text;
    SteadyTime until;
  };
  Result<std::string> obtain(const Challenge& challenge, const std::string& repository,
                             LoginWalk& walk, const CallScope& call);
  Result<std::string> obtain_as(const std::optional<Credentials>& credentials,
                                const Challenge& challenge, const std::string& repository,
                                const CallScope& call);
  Result<std::string> basic(const std::optional<Credentials>& credentials) const;
  Result<Token> fetch(const std::optional<Credentials>& credentials, const Challenge& challenge,
                      const std::string& repository, const CallScope& call);
  Error refused_again(const std::string& repository, std::string_view refused) const;
  Result<Token> read_token(const HttpAnswer& answer, SteadyTime asked_at) const;
  Error refused_by_service(const HttpAnswer& answer, Secrets given) const;
  void keep(const std::string& repository, Token token);
  void forget(const std::string& repository, std::string_view refused);

  const RegistryOptions options_;
  RegistryConnection& connection_;
  CredentialStore& credentials_;
  const Clock& clock_;
  std::mutex mutex_;
  // guarded by mutex_
  std::optional<Challenge> known_;
  std::map<std::string, Token> tokens_;  // by repository
};

}  // namespace longshore
