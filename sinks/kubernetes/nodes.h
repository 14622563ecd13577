// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/clock.h"
#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/object.h"
#include "sinks/kubernetes/rights.h"

namespace longshore {

// The platform of a node, by its labels.
struct KubeNode {
  std::string system;        // "linux"
  std::string architecture;  // "arm64"
};

// Reads a list of nodes. invalid_input: it is none.
Result<std::vector<KubeNode>> read_nodes(std::string_view json);

// Which platforms the nodes of a cluster have: listed when somebody asks, and kept for a minute, so
// that many changes cost one list. Without the right to list nodes nothing is known.
//
// Threads: safe from every thread; one that asks may wait for a list, and others for it.
class KubeNodes {
 public:
  KubeNodes(KubeApi& api, KubeRights& rights, const Clock& clock)
      : api_(api), rights_(rights), clock_(clock) {}

  // Those ("linux/arm64") that the node selector of the object's pods leaves; other rules of the
  // scheduler are not looked at. Empty: unknown.
  std::set<std::string> platforms(const KubeObject& object, const std::stop_token& stop);

 private:
  std::vector<KubeNode> list(const std::stop_token& stop);

  KubeApi& api_;
  KubeRights& rights_;
  const Clock& clock_;
  std::mutex mutex_;
  // guarded by mutex_
  std::vector<KubeNode> nodes_;
  std::optional<SteadyTime> listed_at_;
};

}  // namespace longshore
