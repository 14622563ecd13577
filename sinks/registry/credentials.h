// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/result.h"
#include "sinks/registry/logins.h"
#include "sinks/registry/options.h"

namespace longshore {

// Finds the credentials of registries: those of the configuration, else what Docker's config.json
// says, in Docker's order: the helper of that host (`credHelpers`), the one for all (`credsStore`),
// `auths`. Docker Hub is looked up as "https://index.docker.io/v1/" too, others with and without
// their scheme. What was found, nothing included, is kept for RegistriesOptions::credentials_kept.
// Where there are none, others may be asked (LoginWalk).
//
// Threads: safe from every thread. find() may wait for a helper, which holds up nobody else.
class CredentialStore {
 public:
  CredentialStore(const RegistriesOptions& options, const Clock& clock, FindLogins others = {});

  // Nothing if there are none: the registry is asked anonymously. Fails if the file or a helper
  // that it names cannot be used; a file that does not exist is empty.
  Result<std::optional<Credentials>> find(const RegistryOptions& registry, const CallScope& call);
  // The registry has refused them: they are looked up anew.
  void forget(const std::string& host);

  bool asks_others() const noexcept { return others_ != nullptr; }
  // What others know for the repository, as logins_for() has it, but what was preferred first.
  std::vector<Credentials> others(const LoginQuestion& question);
  // These were the last that the repository was asked with: so they are tried first.
  void prefer(const Repository& repository, const Credentials& credentials);

 private:
  struct Kept {
    std::optional<Credentials> credentials;
    SteadyTime until;
  };
  Result<std::optional<Credentials>> look_up(const std::string& host, const CallScope& call) const;

  const std::filesystem::path docker_config_;
  const std::chrono::milliseconds helper_deadline_;
  const std::chrono::seconds kept_for_;
  const Clock& clock_;
  const FindLogins others_;
  std::mutex mutex_;
  // guarded by mutex_
  std::map<std::string, Kept> kept_;  // a key for each host that is asked
  std::map<Repository, Credentials> preferred_;
};

}  // namespace longshore
