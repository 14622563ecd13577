// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/image_ref.h"
#include "pipeline/result.h"
#include "sinks/registry/call_scope.h"
#include "sinks/registry/client.h"
#include "sinks/registry/host.h"

namespace longshore {

// The reads of RegistryClient, each from one registry. `path` is that of a repository. Errors: see
// RegistryClient.
//
// Threads: safe from every thread; each blocks within the call's deadline.
Result<ManifestHead> read_image_head(RegistryHost& host, const std::string& path,
                                     const ManifestName& name, const CallScope& call);
Result<ImageManifest> read_image_manifest(RegistryHost& host, const std::string& path,
                                          const ManifestName& name, const CallScope& call);
Result<std::string> read_blob(RegistryHost& host, const std::string& path, const Digest& digest,
                              const CallScope& call);

// One page of tags, and where the next one is.
struct TagPage {
  std::vector<Tag> tags;
  std::optional<Url> next;
};
Result<Url> first_tag_page(const RegistryHost& host, const std::string& path);
Result<TagPage> read_tag_page(RegistryHost& host, const std::string& path, const Url& url,
                              const CallScope& call);

}  // namespace longshore
