// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sinks/files/manifest.h"

// Whatever the bytes are: reading them ends, and an edit of an image that was found in them either
// is refused or reads back as the new image, with as many workloads as before. The first byte
// chooses the file's name, since that decides between dialects.

namespace {

using longshore::FoundContainer;
using longshore::ImageRef;

const char* const kNames[] = {"a.yaml", "values.yaml", "compose.yaml", "kustomization.yaml"};

void check(bool holds) {
  if (!holds) std::abort();
}

const FoundContainer* find(const longshore::Manifest& manifest, const std::string& workload,
                           const std::string& container) {
  for (const longshore::FoundWorkload& found : manifest.workloads) {
    if (found.id != workload) continue;
    for (const FoundContainer& other : found.containers)
      if (other.name == container) return &other;
  }
  return nullptr;
}

// By the names: Keel's block may name one tag for two images, and what is right for the one makes
// the other a problem at times.
void edit(const std::string& name, std::string_view bytes, std::size_t workload,
          std::size_t container, const ImageRef& to) {
  const auto before = longshore::read_manifest(name, bytes);
  const std::string& id = before.workloads[workload].id;
  const FoundContainer& found = before.workloads[workload].containers[container];
  const auto edits = longshore::plan_change(found, to);
  if (!edits) return;
  const auto result = longshore::apply_edits(bytes, *edits);
  if (!result) return;
  const auto after = longshore::read_manifest(name, *result);
  const FoundContainer* changed = find(after, id, found.name);
  check(changed != nullptr && changed->image == to);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string name = kNames[data[0] % 4];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto manifest = longshore::read_manifest(name, bytes);
  const auto tag = longshore::Tag::parse("1.10");
  const auto digest = longshore::Digest::parse("sha256:" + std::string(64, 'a'));
  for (std::size_t w = 0; w < manifest.workloads.size() && w < 4; ++w) {
    const auto& containers = manifest.workloads[w].containers;
    for (std::size_t c = 0; c < containers.size() && c < 4; ++c) {
      edit(name, bytes, w, c, containers[c].image.with(*tag, std::nullopt));
      edit(name, bytes, w, c, containers[c].image.with(*tag, *digest));
    }
  }
  return 0;
}
