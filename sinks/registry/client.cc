// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/client.h"

#include <algorithm>
#include <functional>
#include <set>

#include "sinks/registry/reads.h"

namespace longshore {
namespace {

// Hosts without an entry that are remembered; their names come from workloads and events.
constexpr std::size_t kMaxHosts = 1'000;
// A million tags in pages of 100, the least that registries are known to give.
constexpr std::size_t kMaxPages = 10'000;

std::string normalised(const std::string& host) {
  auto name = normalise_host(host);
  return name ? *std::move(name) : host;
}

RegistriesOptions normalised(RegistriesOptions options) {
  for (RegistryOptions& registry : options.registries) {
    registry.host = normalised(registry.host);
    for (std::string& mirror : registry.mirrors)
      mirror = normalised(mirror);
  }
  return options;
}

}  // namespace

// One call of somebody: the destructor of the client waits for it.
class RegistryClient::Visit {
 public:
  explicit Visit(RegistryClient& client) : client_(client) {
    const std::lock_guard lock(client_.mutex_);
    ++client_.callers_;
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    const std::lock_guard lock(client_.mutex_);
    if (--client_.callers_ == 0) client_.left_.notify_all();
  }

 private:
  RegistryClient& client_;
};

RegistryClient::RegistryClient(const RegistriesOptions& options, HttpClient& http,
                               const Clock& clock, FindLogins others)
    : options_(normalised(options)),
      http_(http),
      clock_(clock),
      credentials_(options, clock, std::move(others)) {}

RegistryClient::~RegistryClient() {
  stop_.request_stop();
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return callers_ == 0; });
}

Result<RegistryHost*> RegistryClient::host(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = hosts_.find(name);
  if (found != hosts_.end()) return found->second.get();
  return add_host(name);
}

// REQUIRES: mutex_ held
Result<RegistryHost*> RegistryClient::add_host(const std::string& name) {
  RegistryOptions options;
  options.host = name;
  Named named = Named::no;
  for (const RegistryOptions& entry : options_.registries) {
    if (entry.host == name) {
      options = entry;
      named = Named::yes;
      break;
    }
    const auto& mirrors = entry.mirrors;
    if (std::find(mirrors.begin(), mirrors.end(), name) != mirrors.end()) named = Named::yes;
  }
  if (hosts_.size() >= kMaxHosts + options_.registries.size()) {
    return Error{Errc::unsupported, name + ": more than 1000 registries were asked already"};
  }
  auto rules = HostRules::of(options, named);
  if (!rules) return std::move(rules).error();
  auto host =
      std::make_unique<RegistryHost>(options, *std::move(rules), http_, credentials_, clock_);
  return hosts_.emplace(name, std::move(host)).first->second.get();
}

CallScope RegistryClient::scope(const RegistryHost& host) const {
  return {std::chrono::steady_clock::now() + host.options().deadline, stop_.get_token()};
}

template <class T, class Read>
Result<T> RegistryClient::from_mirrors_or_registry(const Repository& repository, const Read& read) {
  const Visit visit(*this);
  const std::string path(repository.path());
  auto own = host(std::string(repository.host()));
  if (!own) return std::move(own).error();
  for (const std::string& name : (*own)->options().mirrors) {
    auto mirror = host(name);
    if (!mirror) continue;
    auto answer = read(**mirror, path, scope(**mirror));
    if (answer || stop_.stop_requested()) return answer;
  }
  return read(**own, path, scope(**own));
}

Result<ManifestHead> RegistryClient::head_manifest(const Repository& repository,
                                                   const ManifestName& name) {
  return from_mirrors_or_registry<ManifestHead>(
      repository, [&name](RegistryHost& host, const std::string& path, const CallScope& call) {
        return read_image_head(host, path, name, call);
      });
}

Result<ImageManifest> RegistryClient::get_manifest(const Repository& repository,
                                                   const ManifestName& name) {
  return from_mirrors_or_registry<ImageManifest>(
      repository, [&name](RegistryHost& host, const std::string& path, const CallScope& call) {
        return read_image_manifest(host, path, name, call);
      });
}

Result<std::string> RegistryClient::get_config(const Repository& repository, const Digest& digest) {
  return from_mirrors_or_registry<std::string>(
      repository, [&digest](RegistryHost& host, const std::string& path, const CallScope& call) {
        return read_blob(host, path, digest, call);
      });
}

// Not from mirrors: one that caches knows only the tags that somebody pulled through it.
Status RegistryClient::list_tags(const Repository& repository, const OnTags& on_tags) {
  const Visit visit(*this);
  const std::string path(repository.path());
  auto own = host(std::string(repository.host()));
  if (!own) return std::move(own).error();
  const auto first = first_tag_page(**own, path);
  if (!first) return first.error();
  std::optional<Url> page_at = *first;
  std::set<std::size_t> seen;  // hashes: as many as pages, not as long as their addresses
  while (page_at) {
    if (seen.size() == kMaxPages || !seen.insert(std::hash<std::string>{}(page_at->str())).second) {
      return Error{Errc::unsupported, "the list of tags of " + repository.str() + " does not end"};
    }
    auto page = read_tag_page(**own, path, *page_at, scope(**own));
    if (!page) return std::move(page).error();
    if (auto taken = on_tags(std::move(page->tags)); !taken) return taken;
    page_at = std::move(page->next);
  }
  return Done{};
}

std::optional<SteadyTime> RegistryClient::busy_until(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = hosts_.find(normalised(host));
  return found == hosts_.end() ? std::nullopt : found->second->busy_until();
}

}  // namespace longshore
