// SPDX-License-Identifier: Apache-2.0
#include "sinks/init_containers.h"

#include "pipeline/keel_settings.h"

namespace longshore {
namespace {

// longshore.dev/<key>.<from> is copied to longshore.dev/<key>.<to>, where that is not written.
void inherit(Annotations& annotations, std::string_view from, std::string_view to) {
  Annotations copies;
  const std::string suffix = "." + std::string(from);
  for (const auto& [key, value] : annotations) {
    if (key.starts_with(kAnnotationPrefix) && key.ends_with(suffix)) {
      copies.emplace(key.substr(0, key.size() - suffix.size()) + "." + std::string(to), value);
    }
  }
  annotations.merge(copies);
}

}  // namespace

bool list_init_container(Annotations& annotations, std::string_view name,
                         const std::string* sibling) {
  const std::string own = std::string(kAnnotationPrefix).append("policy.").append(name);
  if (annotations.contains(own) || keel_wants_init_containers(annotations)) return true;
  if (sibling == nullptr) return false;
  inherit(annotations, *sibling, name);
  return true;
}

}  // namespace longshore
