// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pipeline/keel_settings.h"
#include "sinks/files/findings.h"
#include "sinks/init_containers.h"

// Any object with a pod template counts, so that kinds of other people (Rollout, CloneSet) do too.
// The path to the containers is walked without following aliases: a scalar that several objects
// share would be changed for all of them.

namespace longshore {
namespace {

const YamlNode* find_path(const YamlNode* node, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    node = find(node, key);
  return node;
}

const YamlNode* pod_spec(const YamlNode* object) {
  const std::string_view kind = text_at(object, "kind");
  if (kind == "Pod") return find(object, "spec");
  if (kind == "CronJob")
    return find_path(object, {"spec", "jobTemplate", "spec", "template", "spec"});
  return find_path(object, {"spec", "template", "spec"});
}

Annotations object_annotations(const YamlNode* metadata) {
  return merge_metadata(annotations_in(find(metadata, "annotations")),
                        annotations_in(find(metadata, "labels")));
}

void add_containers(const YamlNode* pod, FoundWorkload& workload, Findings& findings) {
  const YamlNode* list = find(pod, "containers");
  if (list == nullptr) return;
  for (const YamlNode* item : list->items) {
    const YamlNode* image = find(item, "image");
    if (image == nullptr) continue;  // a patch, or filled in by somebody else
    auto container = findings.whole(std::string(text_at(item, "name")), image);
    if (container) findings.add(workload, *std::move(container));
  }
}

void add_init_container(const YamlNode* item, FoundWorkload& workload, Findings& findings) {
  const std::string name(text_at(item, "name"));
  const YamlNode* image = find(item, "image");
  if (image == nullptr) return;
  const std::string_view text = text_at(item, "image");
  const auto sibling = std::find_if(
      workload.containers.begin(), workload.containers.end(),
      [text](const FoundContainer& other) { return other.places.whole->text == text; });
  const bool has_sibling = sibling != workload.containers.end();
  if (!list_init_container(workload.annotations, name, has_sibling ? &sibling->name : nullptr)) {
    return;
  }
  auto container = findings.whole(name, image);
  if (container) findings.add(workload, *std::move(container));
}

std::string object_id(const YamlNode* object) {
  const YamlNode* metadata = find(object, "metadata");
  std::string id(text_at(object, "kind"));
  id += ' ';
  if (const std::string_view space = text_at(metadata, "namespace"); !space.empty()) {
    id.append(space).append("/");
  }
  const std::string_view name = text_at(metadata, "name");
  return id.append(name.empty() ? text_at(metadata, "generateName") : name);
}

void read_object(const YamlNode* object, Findings& findings) {
  const YamlNode* pod = pod_spec(object);
  if (pod == nullptr || !pod->is_mapping()) return;
  FoundWorkload workload{object_id(object), {}, object_annotations(find(object, "metadata"))};
  add_containers(pod, workload, findings);
  if (const YamlNode* list = find(pod, "initContainers")) {
    for (const YamlNode* item : list->items)
      add_init_container(item, workload, findings);
  }
  findings.add(std::move(workload));
}

}  // namespace

void read_kubernetes(const YamlNode* root, Findings& findings) {
  const YamlNode* items = find(root, "items");
  if (text_at(root, "kind").ends_with("List") && items != nullptr) {
    for (const YamlNode* item : items->items)
      read_object(item, findings);
    return;
  }
  read_object(root, findings);
}

}  // namespace longshore
