// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "pipeline/action.h"
#include "pipeline/resolver.h"
#include "pipeline/target.h"

namespace longshore {

// Whether images are made for where they are to run: an image without a node's platform is pulled
// and never starts. What registries say of a digest is remembered, since it never changes.
//
// Threads: safe from every thread; blocks as the resolver and the target do. Lifetime: the resolver
// outlives it.
class Platforms {
 public:
  explicit Platforms(Resolver* resolver) : resolver_(resolver) {}  // null: nothing is known

  // Why an action must not be made: "ghcr.io/acme/app:1.2 has no image for linux/arm64, which …".
  // Nothing where all is well, and where the registry or the target cannot tell.
  std::optional<std::string> obstacle(const Action& action, Target& target, std::stop_token stop);

 private:
  std::optional<std::set<std::string>> of(const Repository& repository, const Digest& digest);

  Resolver* const resolver_;
  std::mutex mutex_;
  std::map<Digest, std::set<std::string>> known_;  // guarded by mutex_
};

}  // namespace longshore
