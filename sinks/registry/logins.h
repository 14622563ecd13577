// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/image_ref.h"
#include "pipeline/json_reader.h"
#include "pipeline/result.h"
#include "sinks/registry/call_scope.h"

namespace longshore {

// What one registry is told about who asks: a user name and a password, or a token to renew others
// with (`identitytoken`; a helper says so with the user name "<token>").
struct Credentials {
  std::string username;
  std::string password;
  std::string identity_token;

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// Credentials, and where they belong: a key of `auths` ("https://index.docker.io/v1/").
struct Login {
  std::string place;
  Credentials credentials;

  friend bool operator==(const Login&, const Login&) = default;
};

// Which logins somebody else than the configuration knows for a repository.
struct LoginQuestion {
  enum class Read { kept, anew };  // anew: what was known a while ago has been refused
  Repository repository;
  Read read = Read::kept;
  CallScope call;
};
// Gives them all, in any order; who asks takes those that belong. Blocks within the call's
// deadline.
using FindLogins = std::function<std::vector<Login>(const LoginQuestion&)>;

// The two files that Kubernetes has secrets for (kubernetes.io/docs/concepts/configuration/secret,
// "Docker config Secrets").
enum class LoginsFile {
  config_json,  // {"auths": {PLACE: {"auth": …}}}
  dockercfg,    // {PLACE: {"auth": …}}
};
// Entries that hold no credentials, or broken ones, are passed over. invalid_input, without a word
// of what stands there: it is no such file.
Result<std::vector<Login>> read_logins(std::string_view json, LoginsFile file);

// The credentials of one entry of `auths`: `auth` is base64 of "user:password". Nothing if there
// are none, or if they are broken, which is a fault of the document. REQUIRES: `auths` was read
// with that key.
std::optional<Credentials> read_credentials(const JsonObject& auths, std::string_view key);

// Those that belong to the repository, as nodes would take them (kubernetes.io/docs/concepts/
// containers/images, "Interpretation of config.json"): of the same host and port, where "*" stands
// for a part of a name between its dots, and with a path that the repository's begins with. The
// more specific place first, each credentials once, at most 20.
std::vector<Credentials> logins_for(const Repository& repository, std::vector<Login> logins);

}  // namespace longshore
