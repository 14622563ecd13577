// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/image_ref.h"
#include "pipeline/result.h"
#include "sinks/http/client.h"
#include "sinks/registry/credentials.h"
#include "sinks/registry/options.h"

namespace longshore {

class RegistryHost;
struct CallScope;

// What a manifest is asked by.
using ManifestName = std::variant<Tag, Digest>;

struct ManifestHead {
  Digest digest;
  std::string media_type;
};

struct ImageManifest {
  Digest digest;  // of these bytes
  std::string media_type;
  std::string bytes;
};

// Reads from registries (OCI distribution specification, 1.1): manifests, tags, configurations.
//
// It makes one attempt at each read and never writes. Errors, whatever the read:
//   not_found     the registry answers that it is not there
//   unauthorized  it refuses us, or a token service is one that must not be asked
//   busy          it asked for time, see busy_until(), or our own limits for it are reached
//   unavailable   it does not answer, or not in time
//   conflict      what it sent is not what it says, or not what was asked for: digests differ
//   unsupported   it answers what this client cannot or will not use
//   invalid_input its host, an address it leads to, or a file that the options name is not usable
// Mirrors are asked first; only what the registry itself answers counts as an error.
//
// A registry that the configuration has no credentials for is asked with those that FindLogins has
// for its host; that makes no host one that the configuration names.
//
// Threads: safe from every thread; every function blocks up to RegistryOptions::deadline. One
// registry that hangs holds up nobody who asks another.
// Lifetime: the HttpClient and the Clock must outlive it. The destructor ends what is under way,
// and waits for its callers.
class RegistryClient {
 public:
  RegistryClient(const RegistriesOptions& options, HttpClient& http, const Clock& clock,
                 FindLogins others = {});
  ~RegistryClient();
  RegistryClient(const RegistryClient&) = delete;
  RegistryClient& operator=(const RegistryClient&) = delete;

  // HEAD, and GET where a registry does not answer that with a digest.
  Result<ManifestHead> head_manifest(const Repository& repository, const ManifestName& name);
  // At most 4 MiB. The digest has been computed over the bytes.
  Result<ImageManifest> get_manifest(const Repository& repository, const ManifestName& name);
  // An image's configuration, or another small blob: at most 4 MiB, of that digest.
  Result<std::string> get_config(const Repository& repository, const Digest& digest);

  // Calls with the tags of one page after the other (about 1,000 each where the registry knows
  // pages), in the registry's order; names that are no tags are left out. An error that the
  // callback returns ends it and is returned. After an error, some pages may have been seen.
  using OnTags = std::function<Status(std::vector<Tag>)>;
  Status list_tags(const Repository& repository, const OnTags& on_tags);

  // Ends what is under way; it and every later read fails with unavailable.
  void stop() noexcept { stop_.request_stop(); }

  // Until when a registry is not asked, because it said so; nothing if it may be.
  std::optional<SteadyTime> busy_until(const std::string& host);

 private:
  class Visit;
  template <class T, class Read>
  Result<T> from_mirrors_or_registry(const Repository& repository, const Read& read);
  Result<RegistryHost*> host(const std::string& name);
  Result<RegistryHost*> add_host(const std::string& name);
  CallScope scope(const RegistryHost& host) const;

  const RegistriesOptions options_;
  HttpClient& http_;
  const Clock& clock_;
  CredentialStore credentials_;
  std::stop_source stop_;
  std::mutex mutex_;
  // guarded by mutex_
  std::map<std::string, std::unique_ptr<RegistryHost>> hosts_;
  std::size_t callers_ = 0;
  std::condition_variable left_;
};

}  // namespace longshore
