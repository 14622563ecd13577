// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/find_workload.h"
#include "pipeline/lane_worker.h"
#include "pipeline/people_control.h"

namespace longshore {

// The engine's answers to persons. What they say is written in one command of the journal with its
// audit line; then the lanes that it concerns decide again.
//
// Lifetime: the engine's, which stops the journal before it ends.
class EnginePeople final : public PeopleControl {
 public:
  using Accept = std::function<Result<Accepted>(std::vector<Event>)>;

  EnginePeople(LaneContext& context, StoreReader reader, Accept accept)
      : context_(context), accept_(std::move(accept)), reader_(std::move(reader)) {}

  Result<Pause> pause(const Scope& scope, const std::string& reason,
                      const std::string& actor) override;
  Result<Resumed> resume(const Scope& scope, const std::string& actor) override;
  Result<std::vector<Hold>> hold(const HoldRequest& request, const std::string& actor) override;
  Result<std::vector<Hold>> unhold(const HoldRequest& request, const std::string& actor) override;
  Result<Plan> plan(const Scope& scope) const override;
  Result<Progress> progress_of(const std::string& of) const override;
  Result<Accepted> replay(const EventId& id, const std::string& actor) override;
  Result<RolledBack> rollback(const Scope& scope, const std::string& to,
                              const std::string& actor) override;

 private:
  // All that the targets run, or the scope's target.
  Result<std::vector<WorkloadPtr>> workloads_in(const Scope& scope) const;
  // The one workload of the scope, on its target or among the names that are given besides.
  Result<WorkloadName> name_in(const Scope& scope, std::vector<WorkloadName> besides) const;
  Result<WorkloadPtr> live(const Scope& scope) const;
  Result<Pause> place_of(const Scope& scope, const std::vector<Pause>& known) const;
  void kick(const Pause& place);

  AuditEntry line(std::string_view step, const std::string& actor) const;
  AuditEntry line(std::string_view step, const std::string& actor, const Hold& hold) const;
  AuditEntry line(std::string_view step, const std::string& actor, const Pause& pause) const;

  // For plan(): one workload, with what is known of its images.
  Status plan_workload(const WorkloadPtr& workload, const Setup& setup, Plan& plan,
                       std::map<Repository, std::vector<Candidate>>& known) const;
  Result<std::vector<Candidate>> candidates_of(const Repository& repository) const;
  Status add_earlier(const TurnResult& result, const TurnInput& input,
                     std::vector<Candidate>& candidates) const;

  // For progress_of(); with reader_mutex_ held
  Result<Progress> progress_of(const EventId& id) const;
  Result<Progress> progress_of(const ImageRef& image) const;
  Status add_what_waits(const Repository& repository, const std::optional<Tag>& tag,
                        Progress& progress) const;
  Status add_actions(std::vector<Action> actions, Progress& progress) const;
  std::string progress_on_target(const Rollout& rollout) const;

  // For rollback()
  Result<std::vector<ContainerChange>> way_back(const Workload& workload) const;
  Result<ImageRef> by_digest_if_moved(const LastWrite& written, const ImageRef& current) const;
  Result<std::vector<ContainerChange>> changes_to(const Workload& workload,
                                                  const std::string& to) const;
  Status may_roll_back(const Workload& workload) const;

  LaneContext& context_;
  const Accept accept_;
  mutable std::mutex reader_mutex_;
  mutable StoreReader reader_;  // guarded by reader_mutex_
};

}  // namespace longshore
