// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/action.h"
#include "pipeline/policy.h"
#include "pipeline/rollout.h"

namespace longshore {

struct Container {
  std::string name;  // unique within the workload
  ImageRef image;    // as it is written on the target
};

// A container that may not be changed, because somebody else sets its image.
struct LeftAlone {
  Container container;
  std::string reason;  // for a person
};

// One object on a target with one or more containers. Immutable once it is in an inventory.
struct Workload {
  std::string target;
  std::string
      id;  // stable and unique on the target; shown to people ("web.yaml Deployment shop/web")
  std::vector<Container> containers;
  Annotations annotations;
  // Its target can restart it, so that its instances pull a tag anew: an action that leaves every
  // image as it is means that.
  bool restarts = false;
  // Of no concern to decisions but that they say why there is none.
  std::vector<LeftAlone> left_alone{};
};

using WorkloadPtr = std::shared_ptr<const Workload>;

// What a target knows of itself, for `status` and /metrics.
struct TargetState {
  bool synced = false;
  std::optional<Time> synced_at;
  std::size_t workloads = 0;
  // What is wrong with it or with single objects, in words a person can act upon.
  std::vector<std::string> problems;
};

// How a target tells the pipeline that something has to be decided again. Threads: all are called
// from the target's own threads, never while it holds a lock that its other functions take; they
// return at once.
class TargetListener {
 public:
  virtual ~TargetListener() = default;
  // A workload with this repository appeared or is gone, or its image or annotations changed.
  virtual void repository_changed(const std::string& target, const Repository& repository) = 0;
  // The inventory is complete again: at start and after each full resync.
  virtual void target_synced(const std::string& target) = 0;
  // Something may have changed in how far the rollout of a workload (target, id) is.
  virtual void rollout_moved(const std::string&, const std::string&) {}
};

// Something that runs images. It keeps an inventory of its workloads and makes one attempt at one
// action; queueing, order per workload, backoff and retry belong to the pipeline's outbox.
//
// Threads: every function is safe from every thread. deliver() is called by the outbox's workers,
// for one workload at a time.
// Lifetime: made in cli/service.cc; start() before anything else, stop() before destruction.
class Target {
 public:
  virtual ~Target() = default;
  virtual const std::string& name() const noexcept = 0;
  virtual std::string_view type() const noexcept = 0;

  // Begins to follow the target; the first inventory may come later. The listener outlives the
  // target. Fails only for what the configuration has to change (a folder that is none).
  virtual Status start(TargetListener& listener) = 0;
  // Ends its threads. No listener call happens after it has returned.
  virtual void stop() noexcept = 0;

  virtual TargetState state() const = 0;
  // state().synced, without the rest: asked with every turn of a lane.
  virtual bool synced() const { return state().synced; }
  // The workloads with a container of this repository, or one that is left alone: one hash look-up,
  // whatever their number.
  virtual std::vector<WorkloadPtr> workloads_of(const Repository& repository) const = 0;
  virtual std::vector<WorkloadPtr> workloads() const = 0;
  // That one; null: there is none. As quick as the look-up by repository.
  virtual WorkloadPtr workload(const std::string& id) const = 0;

  // Makes all changes of the action or none. Looks at the live object first: all `to` in place is
  // delivered, all `from` is attempted, anything else is a conflict. Returns within the target's
  // deadline, sooner once stop is requested.
  virtual Delivery deliver(const Action& action, std::stop_token stop) noexcept = 0;
  // How many attempts may run side by side; 0: as the pipeline's options say.
  virtual unsigned concurrency() const noexcept { return 0; }
  // Where a right that is missing for this workload may be missing, too: for all workloads whose id
  // begins so. A part of that id; empty: all of the target's.
  virtual std::string_view rights_scope(std::string_view) const noexcept { return {}; }

  // Whether a delivered change takes a while to come into effect, and may fail then.
  virtual bool watches_rollouts() const noexcept { return false; }
  // Looks how far a rollout is, and does what only the target can do to let it go on (Kubernetes
  // keeps a StatefulSet's stuck pod). Called for one workload at a time; returns as deliver() does.
  // An error: it cannot be seen now.
  virtual Result<RolloutSight> follow(const Rollout& rollout, std::stop_token stop) noexcept;
  // The platforms ("linux/arm64") that instances of the workload may come to run on; empty:
  // unknown.
  virtual Result<std::set<std::string>> platforms(const std::string& workload,
                                                  std::stop_token stop) noexcept;
  // The digest that each container runs by now, where all instances of the workload agree on one.
  virtual Result<std::map<std::string, Digest>> running(const std::string& workload,
                                                        std::stop_token stop) noexcept;
};

}  // namespace longshore
