// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/policy.h"
#include "pipeline/target.h"
#include "sinks/kubernetes/adoption.h"
#include "sinks/kubernetes/rare_text.h"

namespace longshore {

enum class KubeKind : std::uint8_t { deployment, stateful_set, daemon_set, cron_job };

// The labels of nodes that tell their platform.
inline constexpr std::string_view kSystemLabel = "kubernetes.io/os";
inline constexpr std::string_view kArchitectureLabel = "kubernetes.io/arch";

inline constexpr KubeKind kKubeKinds[] = {KubeKind::deployment, KubeKind::stateful_set,
                                          KubeKind::daemon_set, KubeKind::cron_job};

std::string_view name_of(KubeKind kind) noexcept;    // "StatefulSet"
std::string_view plural_of(KubeKind kind) noexcept;  // "statefulsets"
std::string_view group_of(KubeKind kind) noexcept;   // "apps", for CronJobs "batch"
// "/apis/apps/v1/namespaces/shop/deployments/web"; without a name the list, without a namespace
// that of the whole cluster.
std::string path_of(KubeKind kind, std::string_view space, std::string_view name);

// One container of a pod template, as it stands there.
struct KubeContainer {
  std::string name;
  std::string image;
  bool init = false;
  std::size_t position = 0;  // in its list
  // The field manager that applies this image (server-side apply); empty: nobody does.
  RareText applier{};

  friend bool operator==(const KubeContainer&, const KubeContainer&) = default;
};

// What a workload's status says of its rollout. Counts that the API leaves out are 0, and so are
// all of a CronJob, which rolls nothing out.
struct KubeProgress {
  std::int64_t observed_generation = 0;
  std::int64_t desired = 1;    // replicas that are wanted; a DaemonSet's desiredNumberScheduled
  std::int64_t updated = 0;    // pods of the new revision; a DaemonSet's updatedNumberScheduled
  std::int64_t current = 0;    // all pods there are
  std::int64_t available = 0;  // of all; a DaemonSet's numberAvailable
  std::int64_t ready = 0;
  bool paused = false;           // Deployment: spec.paused
  bool suspended = false;        // CronJob: spec.suspend
  bool on_delete = false;        // updateStrategy OnDelete: pods change when somebody deletes them
  std::int64_t partition = 0;    // StatefulSet: pods below this ordinal keep the old revision
  bool ordered = false;          // StatefulSet: podManagementPolicy OrderedReady
  RareText update_revision;      // StatefulSet: status.updateRevision
  RareText current_revision;     // StatefulSet: status.currentRevision
  RareText deadline_exceeded{};  // Deployment: why, where its Progressing condition says so

  friend bool operator==(const KubeProgress&, const KubeProgress&) = default;
};

// The part of a workload object that we need; the rest is never kept.
struct KubeObject {
  KubeKind kind = KubeKind::deployment;
  // Whether there is a map of annotations, of whatever kind, on it and on its pod template: one can
  // be added to a map only.
  bool annotated = false;
  bool template_annotated = false;
  bool always_pulls = true;  // each of its containers asks for its image whenever it starts
  std::optional<ActionId> restarted_by{};  // whose restart the pod template tells of (patch.h)
  std::string space;                       // its namespace
  std::string name;
  std::string uid;
  std::uint64_t version = 0;  // metadata.resourceVersion; 0 where it is no number
  std::int64_t generation = 0;
  // annotations and labels that speak to us (merge_metadata, as in manifests)
  Annotations annotations;
  std::vector<KubeContainer> containers;  // containers first, then init containers
  std::string selector;  // of its pods, as a query says it: "app=web,tier in (a,b)"
  KubeProgress progress;
  KubeManager manager;                    // who else manages it as a whole
  std::string service_account;            // spec.serviceAccountName of the template
  std::vector<std::string> pull_secrets;  // spec.imagePullSecrets of the template
  // What its node selector says of the platform: "linux/arm64", either of which may be empty.
  std::string platform{};
  // Why it could not be read; only kind, space, name and version are set then. Empty: it could.
  RareText fault{};

  std::string id() const;  // "Deployment shop/web"
};

using KubeObjectPtr = std::shared_ptr<const KubeObject>;

// Reads one object of that kind, as the API server sends it. invalid_input: it is none, or has a
// `fault`.
Result<KubeObject> read_kube_object(KubeKind kind, std::string_view json);

// Who else sets the image of that container: who manages the object, else who applies the image.
KubeManager manager_of(const KubeObject& object, std::string_view container);

// What the pipeline gets to see of it: its containers whose images can be parsed, and of the init
// containers those that list_init_container() lists, as in manifests.
Workload workload_for(const std::string& target, const KubeObject& object);

// What is wrong with the object, for a person: its fault, images that cannot be parsed. Empty:
// nothing.
std::string problem_of(const KubeObject& object);

}  // namespace longshore
