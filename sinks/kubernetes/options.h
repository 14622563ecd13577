// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace longshore {

// When a rollout counts as failed. What the cluster itself says (ProgressDeadlineExceeded) counts
// beside these.
struct RolloutLimits {
  // Not completed after this time. Zero: the workload's progressDeadlineSeconds decides alone,
  // which only Deployments have.
  std::chrono::seconds deadline{15 * 60};
  std::chrono::seconds pull_errors{120};  // a pod's image cannot be pulled for this long
  unsigned restarts = 3;                  // of one container of a new pod

  friend bool operator==(const RolloutLimits&, const RolloutLimits&) = default;
};

// A cluster, or a part of one.
struct KubernetesTargetOptions {
  std::string name;
  // Empty: the service account of the pod that we run in.
  std::filesystem::path kubeconfig;
  std::string context;  // of the kubeconfig; empty: its current one
  // Only these namespaces; with namespace_labels, those that match it. Both empty: all of them.
  std::vector<std::string> namespaces;
  std::string namespace_labels;  // a label selector ("team=shop,stage!=test")
  // The label app.kubernetes.io/instance tells what an Application of Argo CD manages, if there is
  // one of that name: so Argo CD tracks by default before 3.0. Needs the right to list them.
  bool argo_cd_labels = false;
  // Also act upon what Flux, Argo CD or Helm manage: they may undo it.
  bool adopt = false;
  // Registries that the configuration has no credentials for are asked with the image pull secrets
  // of the workloads and of their service accounts.
  bool pull_secrets = false;
  unsigned concurrency = 8;  // changes on their way at a time, each on a connection
  std::chrono::milliseconds deadline{30'000};  // of one request
  // The inventory is compared with the cluster this often, whatever its watches say.
  std::chrono::seconds compare{600};
  RolloutLimits rollout;

  friend bool operator==(const KubernetesTargetOptions&, const KubernetesTargetOptions&) = default;
};

}  // namespace longshore
