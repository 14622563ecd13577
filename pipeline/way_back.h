// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/action.h"
#include "pipeline/decision.h"
#include "pipeline/rollout.h"

namespace longshore {

// Where a workload goes back to when what was written does not come up. Everything here is pure.

// The rollout that a delivered action begins. `former`: the newest one of the workload, or null.
//
// The way back is what ran before the action, unless the former rollout wrote that and did not
// complete: then it is that one's way back. What else a former rollout that is still watched has
// changed belongs to this one as well, so that all of it goes back together. A way back has none.
Rollout rollout_of(const Action& action, const std::string& mark, const Rollout* former, Time now);

// What is asked of registries.
struct AskRegistry {
  std::function<Result<Digest>(const Repository&, const Tag&)> tag;  // what it names now
  std::function<Status(const Repository&, const Digest&)> digest;    // whether it is still there
};

struct WayBack {
  std::vector<ContainerChange> changes;  // for all containers; none: there is no way back
  std::string obstacle;                  // why not
};

// The changes that bring all containers of a rollout back: the reference as it was written where
// its tag still names the same digest, else that digest, if it is still there. An error: a registry
// cannot be asked now.
Result<WayBack> find_way_back(const Rollout& rollout, const AskRegistry& ask);

// The same without asking anybody: by digest.
WayBack way_back_unasked(const Rollout& rollout);

// What the rollout wrote, held in its workload.
std::vector<Hold> holds_for(const Rollout& rollout, const std::string& reason, Time now);

}  // namespace longshore
