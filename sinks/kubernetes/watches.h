// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/clock.h"
#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/index.h"
#include "sinks/kubernetes/names.h"
#include "sinks/kubernetes/options.h"
#include "sinks/kubernetes/reflector.h"

namespace longshore {

// What keeps the index of a target up to date: a reflector for each kind, of the whole cluster or
// of each of its namespaces, one for the namespaces where they are chosen by labels, and one for
// the names of Argo CD's Applications where they are asked for.
//
// The inventory is complete (synced) when each reflector has its list. One without the right to it
// is passed over, so that a namespace or a kind that a role leaves out does not stop the others;
// but not if that are all. A namespace that gets the label later stops nothing either: what is in
// it is told as changes.
//
// Threads: one for each reflector; the hooks are called on them, with no lock held. The other
// functions are safe from every thread. Lifetime: all that it is given outlives it; after stop() no
// hook is called.
class KubeWatches {
 public:
  struct Hooks {
    std::function<void(const KubeIndex::Changes&)> on_changes;
    std::function<void()> on_synced;        // was not complete, and is now
    std::function<void()> on_applications;  // there are others than before
  };
  KubeWatches(const KubernetesTargetOptions& options, KubeApi& api, KubeIndex& index,
              const Clock& clock, Hooks hooks);
  ~KubeWatches();
  KubeWatches(const KubeWatches&) = delete;
  KubeWatches& operator=(const KubeWatches&) = delete;

  void start();
  void stop() noexcept;

  struct State {
    bool synced = false;
    std::optional<Time> synced_at;      // of the reflector that was the last
    std::vector<std::string> troubles;  // one for each reflector that has any
  };
  State state() const;
  bool synced() const;
  // Whether Argo CD has an Application of that name; false where nobody asks for them.
  bool has_application(const std::string& name) const;

 private:
  struct Watch {
    std::unique_ptr<Reflector> reflector;
    bool late = false;  // began when the rest was complete
  };
  using Watched = std::map<std::string, std::vector<Watch>>;  // by namespace; "": all

  void add(const std::string& space);
  void remove(const std::string& space);
  void follow(const std::set<std::string>& spaces);
  bool is_complete() const;
  void look();

  const KubernetesTargetOptions& options_;
  KubeApi& api_;
  KubeIndex& index_;
  const Clock& clock_;
  const Hooks hooks_;
  std::unique_ptr<KubeNames> namespaces_;    // null: not chosen by labels
  std::unique_ptr<KubeNames> applications_;  // null: not asked for
  mutable std::mutex mutex_;
  // guarded by mutex_
  Watched watched_;
  bool named_ = false;  // the namespaces that the labels choose are known
  bool synced_ = false;
  bool stopped_ = false;
};

}  // namespace longshore
