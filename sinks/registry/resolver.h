// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "pipeline/resolver.h"
#include "sinks/registry/client.h"

namespace longshore {

// The Resolver of the pipeline, asked of the registries themselves.
//
// Threads: safe from every thread. Lifetime: a client lives until the last call that began with it
// has returned; what it refers to must outlive the resolver and its callers.
class RegistryResolver final : public Resolver {
 public:
  explicit RegistryResolver(std::shared_ptr<RegistryClient> client);

  // Fails as RegistryClient's functions do.
  Result<Digest> resolve(const Repository& repository, const Tag& tag) override;
  Status find(const Repository& repository, const Digest& digest) override;
  Result<std::set<std::string>> platforms(const Repository& repository,
                                          const Digest& digest) override;
  Status list_tags(const Repository& repository, const OnTags& on_tags) override;
  std::optional<SteadyTime> busy_until(const std::string& host) override;

  // Asks with another client from now on, and returns the one before. What has begun goes on with
  // that one.
  std::shared_ptr<RegistryClient> configure(std::shared_ptr<RegistryClient> client);
  // Ends what is under way; it and whatever is asked from now on fails with unavailable.
  void stop() noexcept override;

 private:
  std::shared_ptr<RegistryClient> current() const;

  mutable std::mutex mutex_;
  // guarded by mutex_
  std::shared_ptr<RegistryClient> client_;
  std::vector<std::weak_ptr<RegistryClient>> former_;  // those that may still be asking
};

}  // namespace longshore
