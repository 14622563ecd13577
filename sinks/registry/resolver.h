// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/resolver.h"
#include "sinks/registry/client.h"

namespace longshore {

// The Resolver of the pipeline, asked of the registries themselves.
//
// Threads: safe from every thread. Lifetime: the client must outlive it.
class RegistryResolver final : public Resolver {
 public:
  explicit RegistryResolver(RegistryClient& client) : client_(client) {}

  // Fails as RegistryClient's functions do.
  Result<Digest> resolve(const Repository& repository, const Tag& tag) override {
    auto head = client_.head_manifest(repository, tag);
    if (!head) return std::move(head).error();
    return std::move(head->digest);
  }
  Status list_tags(const Repository& repository, const OnTags& on_tags) override {
    return client_.list_tags(repository, on_tags);
  }
  std::optional<SteadyTime> busy_until(const std::string& host) override {
    return client_.busy_until(host);
  }
  void stop() noexcept override { client_.stop(); }

 private:
  RegistryClient& client_;
};

}  // namespace longshore
