// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "pipeline/action.h"
#include "pipeline/decision.h"
#include "pipeline/target.h"

namespace longshore {

// Where somebody else has set an image that the policy ranks below what we wrote last, that is a
// person's word: the holds that make it stand, on what we wrote and all that ranks below it. One
// for each such container of the repository; none where what we wrote still stands, where a newer
// image stands, or where the container has no policy that can be used.
//
// Pure. `candidates` are those of the repository: a policy that goes by age needs to know when the
// tags were pushed. REQUIRES: no action for the workload is open, and `written` is not older than
// `workload`; else our own change would be taken for a person's.
std::vector<Hold> overruled(const Workload& workload, std::span<const LastWrite> written,
                            const Repository& repository, const std::vector<PolicyRule>& rules,
                            std::span<const Candidate> candidates, Time now);

}  // namespace longshore
