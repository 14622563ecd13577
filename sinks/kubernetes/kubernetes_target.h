// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/target.h"
#include "sinks/http/client.h"
#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/event_sender.h"
#include "sinks/kubernetes/index.h"
#include "sinks/kubernetes/nodes.h"
#include "sinks/kubernetes/options.h"
#include "sinks/kubernetes/pods.h"
#include "sinks/kubernetes/pull_secrets.h"
#include "sinks/kubernetes/rights.h"
#include "sinks/kubernetes/watches.h"

namespace longshore {

// The Deployments, StatefulSets, DaemonSets and CronJobs of a cluster, or of some namespaces of it.
//
// Watches keep an index of them by repository (watches.h, index.h); a change is one PATCH
// (deliver.h); a rollout is judged by its object and, where that is not enough, by its pods
// (judge.h). A workload's id is "Deployment shop/web". A container that Flux, Argo CD, Helm or
// another manager sets is left alone, unless adoption.h says that we may.
//
// What a role leaves out turns off a feature (rights.h) and no more: without pods, rollouts are
// judged by what their objects say; without events, none are made.
//
// Threads: one for each reflector, one for Events, one for HTTP. The listener is called on the
// reflectors' threads, and from deliver() and follow() where an answer told something new.
class KubernetesTarget final : public Target {
 public:
  // The clock outlives it.
  KubernetesTarget(KubernetesTargetOptions options, const Clock& clock);
  ~KubernetesTarget() override;

  const std::string& name() const noexcept override { return options_.name; }
  std::string_view type() const noexcept override { return "kubernetes"; }

  // Fails with invalid_input if the kubeconfig or the service account cannot be used. A cluster
  // that does not answer is no failure: it is waited for.
  Status start(TargetListener& listener) override;
  void stop() noexcept override;

  TargetState state() const override;
  bool synced() const override { return watches_.synced(); }
  std::vector<WorkloadPtr> workloads_of(const Repository& repository) const override;
  std::vector<WorkloadPtr> workloads() const override;
  WorkloadPtr workload(const std::string& id) const override;

  // Outcomes: see attempt() in deliver.h.
  Delivery deliver(const Action& action, std::stop_token stop) noexcept override;
  unsigned concurrency() const noexcept override { return options_.concurrency; }
  std::string_view rights_scope(std::string_view workload) const noexcept override;

  bool watches_rollouts() const noexcept override { return true; }
  // By the index alone where that says that it is over, and within its first seconds; then by its
  // pods too. Deletes the pod that holds up an ordered StatefulSet (stuck_pod()).
  Result<RolloutSight> follow(const Rollout& rollout, std::stop_token stop) noexcept override;
  Result<std::set<std::string>> platforms(const std::string& workload,
                                          std::stop_token stop) noexcept override;
  Result<std::map<std::string, Digest>> running(const std::string& workload,
                                                std::stop_token stop) noexcept override;

  // What its workloads pull that repository with; nothing unless its options want that.
  std::vector<Login> logins(const LoginQuestion& question);

 private:
  KubeWatches::Hooks hooks();
  void tell(const KubeIndex::Changes& changes);
  void tell_instances();
  KubeManager manager_of(const KubeObject& object, const std::string& container) const;
  WorkloadPtr allowed(const WorkloadPtr& workload, std::string* note) const;
  void remember_managed(const std::string& id, const std::string& note) const;
  Result<KubeObjectPtr> current(const Rollout& rollout, const std::stop_token& stop);
  Result<RolloutSight> look_at_pods(const KubeObjectPtr& object, const Rollout& rollout,
                                    RolloutSight by_status, const std::stop_token& stop);
  std::string unblock(const KubeObject& object, const KubePods& pods, const Rollout& rollout,
                      const std::stop_token& stop);
  void note_failure(const KubeObjectPtr& object, const Rollout& rollout, const RolloutSight& sight);

  // Constant after construction and start().
  const KubernetesTargetOptions options_;
  const Clock& clock_;
  TargetListener* listener_ = nullptr;

  HttpClient client_;
  KubeApi api_;
  KubeIndex index_;
  KubeRights rights_;
  PullSecrets pull_secrets_;
  EventSender events_;
  KubeNodes nodes_;
  KubeWatches watches_;

  mutable std::mutex mutex_;
  // guarded by mutex_
  mutable std::map<std::string, std::string>
      managed_;                             // by others; workload: what of it; at most 100
  std::map<std::string, ActionId> failed_;  // workload: the last failure told of
};

}  // namespace longshore
