// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "pipeline/options.h"
#include "pipeline/outbox.h"
#include "pipeline/policy.h"

namespace longshore {

// What a reload may change. One that is in use is never changed: a new one takes its place.
struct Setup {
  std::vector<PolicyRule> rules;
  SweepOptions sweep;
  std::set<std::string> observed;                 // targets on which nothing is done
  std::vector<std::shared_ptr<Outbox>> outboxes;  // one for each target

  std::shared_ptr<Outbox> outbox_of(const std::string& target) const {
    for (const auto& outbox : outboxes) {
      if (outbox->target().name() == target) return outbox;
    }
    return nullptr;
  }
  // The workload of that id as its target has it now; null: there is none.
  WorkloadPtr workload_of(const std::string& target, const std::string& id) const {
    const auto outbox = outbox_of(target);
    return outbox ? outbox->target().workload(id) : nullptr;
  }
};

using SetupPtr = std::shared_ptr<const Setup>;

// The setup of the moment. Threads: safe from every thread.
class CurrentSetup {
 public:
  SetupPtr get() const {
    const std::lock_guard lock(mutex_);
    return setup_;
  }
  void set(SetupPtr setup) {
    const std::lock_guard lock(mutex_);
    setup_ = std::move(setup);
  }

 private:
  mutable std::mutex mutex_;
  SetupPtr setup_ = std::make_shared<const Setup>();  // guarded by mutex_
};

}  // namespace longshore
