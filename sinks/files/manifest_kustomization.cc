// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/findings.h"

// A kustomization is one workload; each entry of images[] is a container named as the entry. What
// it runs is newName (else name) with newTag and digest (kubectl.docs.kubernetes.io, "images"). An
// entry without either leaves the tag to the base: it is listed, and there is no place to write to.

namespace longshore {

void read_kustomization(const YamlNode* root, Findings& findings) {
  const YamlNode* images = find(root, "images");
  if (images == nullptr) return;
  FoundWorkload workload{"Kustomization", {}, {}};
  const YamlNode* metadata = find(root, "metadata");
  if (const std::string_view name = text_at(metadata, "name"); !name.empty()) {
    workload.id.append(" ").append(name);
  }
  workload.annotations = annotations_in(find(metadata, "annotations"));
  for (const YamlNode* item : images->items) {
    const std::string name(text_at(item, "name"));
    if (name.empty()) continue;
    const std::string_view renamed = text_at(item, "newName");
    ImageParts parts;
    parts.name = renamed.empty() ? name : std::string(renamed);
    parts.tag = find(item, "newTag");
    parts.digest = find(item, "digest");
    parts.line = item->line;
    auto container = findings.parts(name, parts);
    if (container) findings.add(workload, *std::move(container));
  }
  findings.add(std::move(workload));
}

}  // namespace longshore
