// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "pipeline/rollout.h"
#include "sinks/kubernetes/object.h"
#include "sinks/kubernetes/options.h"
#include "sinks/kubernetes/pods.h"

namespace longshore {

// How far a rollout is, and whether it has failed; no I/O.
//
// Complete is what `kubectl rollout status` calls so, once the controller has seen our change
// (status.observedGeneration is at least the rollout's mark): every replica is updated, no old one
// is left, all are available; of a StatefulSet with a partition those at or above it. With the
// update strategy OnDelete nothing rolls by itself, and a CronJob's next job uses the new image:
// both are complete at once, and say so.
//
// It has failed if a pod of the *new* revision cannot pull its image for limits.pull_errors, has an
// image name that cannot be one, or has restarted a container limits.restarts times; if the cluster
// says ProgressDeadlineExceeded; or if it is not complete after limits.deadline. A pod that is
// never ready fails by these two. What the old pods do is not its fault: if those that run what ran
// before are not ready either, others_fail says so.
//
// Without `pods` (null: not looked at, or no right to) its object's status alone is judged.
RolloutSight judge(const KubeObject& object, const KubePods* pods, const Rollout& rollout,
                   const RolloutLimits& limits, Time now);

// The pod that holds up an ordered StatefulSet, which waits for it to become ready before it
// replaces it (kubernetes issue 67250): one of another revision than it shall have, and of no use.
// On the way back that is one that is not ready; on the way forward one that is not ready, fails or
// has had a minute, and does not run what ran before: an earlier image that nobody waits for. Null:
// none.
const KubePod* stuck_pod(const KubeObject& object, const KubePods& pods, const Rollout& rollout,
                         Time now);

}  // namespace longshore
