// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/platforms.h"

#include "pipeline/json_reader.h"

namespace longshore {
namespace {

// Variants (arm/v7) are left out: nodes do not tell theirs.
void add(std::set<std::string>& platforms, const JsonObject& platform) {
  const auto system = platform.text("os");
  const auto architecture = platform.text("architecture");
  if (!system || !architecture || *system == "unknown" || *architecture == "unknown") return;
  platforms.insert(std::string(*system).append("/").append(*architecture));
}

Error unreadable(const Repository& repository, const Digest& digest, const Error& why) {
  return {Errc::unsupported, repository.str() + "@" + digest.str() + ": " + why.message};
}

}  // namespace

Result<std::set<std::string>> read_platforms(RegistryClient& client, const Repository& repository,
                                             const Digest& digest) {
  auto manifest = client.get_manifest(repository, digest);
  if (!manifest) return std::move(manifest).error();
  std::set<std::string> platforms;
  std::optional<Digest> config;
  {
    JsonDocument document(manifest->bytes);
    const JsonObject root = document.root({"manifests", "config"});
    for (const JsonElement& element : root.list("manifests"))
      add(platforms, element.object({"platform"}).object("platform", {"os", "architecture"}));
    if (!root.has("manifests")) config = root.object("config", {"digest"}).digest("digest");
    if (document.error()) return unreadable(repository, digest, *document.error());
  }
  if (!config) return platforms;
  auto bytes = client.get_config(repository, *config);
  if (!bytes) return std::move(bytes).error();
  JsonDocument document(*bytes);
  add(platforms, document.root({"os", "architecture"}));
  if (document.error()) return unreadable(repository, *config, *document.error());
  return platforms;
}

}  // namespace longshore
