// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/object.h"
#include "sinks/kubernetes/pods.h"
#include "sinks/kubernetes/rights.h"

namespace longshore {

// What is asked about the pods of one workload, where its rollout is watched. Each notes in the
// rights what was refused or granted, and fails as KubeApi::call() and kube_error() do.

// Its pods by revision: one list of pods, and one of what stands between, in pages.
// REQUIRES: no CronJob, whose pods belong to its jobs
Result<KubePods> list_pods(KubeApi& api, KubeRights& rights, const KubeObject& object,
                           const std::stop_token& stop);
// Deletes that very pod, not another one of its name. One that is gone is no error.
Status delete_pod(KubeApi& api, KubeRights& rights, const KubeObject& object, const KubePod& pod,
                  const std::stop_token& stop);

}  // namespace longshore
