// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/index_feed.h"

namespace longshore {

ReflectorHooks index_feed(KubeIndex& index, KubeKind kind, const std::string& space,
                          std::function<void(const KubeIndex::Changes&)> on_changes) {
  const auto tell = [on_changes = std::move(on_changes)](const KubeIndex::Changes& changes) {
    if (!changes.empty()) on_changes(changes);
  };
  ReflectorHooks hooks;
  hooks.replace = [&index, kind, space, tell](std::vector<KubeObjectPtr> objects,
                                              std::uint64_t version) {
    tell(index.replace(kind, space, std::move(objects), version));
  };
  hooks.put = [&index, tell](KubeObject object) { tell(index.put(std::move(object))); };
  hooks.remove = [&index, tell](const KubeObject& object) {
    tell(index.remove(object.id(), object.version));
  };
  hooks.forget = [&index, kind, space] { index.forget(kind, space); };
  return hooks;
}

}  // namespace longshore
