// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "pipeline/action.h"
#include "pipeline/decision.h"

namespace longshore {

// A policy that follows a tag and must not write its digest (digest with pin: tag) is followed by
// restarting the workload, where a target can: its instances pull the tag again.

// Whether that is what the settings mean.
bool follows_by_restart(const PolicySettings& settings);

// As decide(), but an update leaves the reference as it is, without a digest. What runs is told by
// `ours`, our last completed change of the container: nothing is known of a digest where that was
// of another reference, or is null; then the target finds out whether there is anything to do.
// A digest that the tag no longer names cannot be had this way: skip.
Decision decide_restart(const PolicySettings& settings, const ImageRef& current,
                        const LastWrite* ours, std::span<const Candidate> candidates,
                        std::span<const Hold> holds, Time now);

}  // namespace longshore
