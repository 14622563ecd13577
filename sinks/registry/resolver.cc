// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/resolver.h"

#include <utility>

#include "sinks/registry/platforms.h"

namespace longshore {

RegistryResolver::RegistryResolver(std::shared_ptr<RegistryClient> client)
    : client_(std::move(client)) {}

std::shared_ptr<RegistryClient> RegistryResolver::current() const {
  const std::lock_guard lock(mutex_);
  return client_;
}

Result<Digest> RegistryResolver::resolve(const Repository& repository, const Tag& tag) {
  auto head = current()->head_manifest(repository, tag);
  if (!head) return std::move(head).error();
  return std::move(head->digest);
}

Status RegistryResolver::find(const Repository& repository, const Digest& digest) {
  auto head = current()->head_manifest(repository, digest);
  if (!head) return std::move(head).error();
  return Done{};
}

Result<std::set<std::string>> RegistryResolver::platforms(const Repository& repository,
                                                          const Digest& digest) {
  return read_platforms(*current(), repository, digest);
}

Status RegistryResolver::list_tags(const Repository& repository, const OnTags& on_tags) {
  return current()->list_tags(repository, on_tags);
}

std::optional<SteadyTime> RegistryResolver::busy_until(const std::string& host) {
  return current()->busy_until(host);
}

std::shared_ptr<RegistryClient> RegistryResolver::configure(
    std::shared_ptr<RegistryClient> client) {
  const std::lock_guard lock(mutex_);
  std::erase_if(former_, [](const auto& one) { return one.expired(); });
  former_.push_back(client_);
  return std::exchange(client_, std::move(client));
}

void RegistryResolver::stop() noexcept {
  const std::lock_guard lock(mutex_);
  client_->stop();
  for (const auto& one : former_) {
    if (const auto client = one.lock()) client->stop();
  }
}

}  // namespace longshore
