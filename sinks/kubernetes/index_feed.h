// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "sinks/kubernetes/index.h"
#include "sinks/kubernetes/reflector.h"

namespace longshore {

// What a reflector of that kind and namespace ("": all) does to bring the index up to date.
// on_changes is told of what is not empty, on the reflector's thread. The index outlives it.
ReflectorHooks index_feed(KubeIndex& index, KubeKind kind, const std::string& space,
                          std::function<void(const KubeIndex::Changes&)> on_changes);

}  // namespace longshore
