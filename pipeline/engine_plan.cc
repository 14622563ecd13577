// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "pipeline/aged_turn.h"
#include "pipeline/engine_people.h"

namespace longshore {
namespace {

constexpr std::size_t kMostPlanned = 1'000;

const AuditEntry* line_about(const TurnResult& result, const Workload& workload,
                             const Container& container) {
  const std::string name = workload.target + ": " + workload.id + " " + container.name;
  const auto found = std::ranges::find_if(
      result.audit, [&](const AuditEntry& line) { return line.workload == name; });
  return found == result.audit.end() ? nullptr : &*found;
}

// The containers of one repository, of a workload that runs it.
std::vector<PlannedContainer> plan_of(const TurnInput& input, const TurnResult& result) {
  const Workload& workload = *input.workloads.front();
  std::vector<PlannedContainer> planned;
  for (const Container& container : workload.containers) {
    if (container.image.repository() != input.repository) continue;
    PlannedContainer one{.target = workload.target,
                         .workload = workload.id,
                         .container = container.name,
                         .image = container.image,
                         .decision = "none",
                         .to = {},
                         .reason = "it has no policy",
                         .observed = input.observed.contains(workload.target),
                         .candidates = {}};
    if (const AuditEntry* line = line_about(result, workload, container)) {
      one.decision = line->decision;
      one.to = line->to;
      one.reason = line->reason;
    }
    const auto settings =
        settings_for(workload.annotations, container.name, input.repository, input.rules);
    if (settings && *settings) {
      const auto holds = holds_on(input.holds, workload, container.name);
      one.candidates =
          explain(**settings, container.image, input.candidates, holds, input.now).candidates;
    }
    planned.push_back(std::move(one));
  }
  return planned;
}

}  // namespace

Result<std::vector<Candidate>> EnginePeople::candidates_of(const Repository& repository) const {
  const std::lock_guard lock(reader_mutex_);
  auto current = reader_.current_tags(repository);
  if (!current) return std::move(current).error();
  return RepositoryHistory(repository, *std::move(current)).candidates();
}

Status EnginePeople::plan_workload(const WorkloadPtr& workload, const Setup& setup, Plan& plan,
                                   std::map<Repository, std::vector<Candidate>>& known) const {
  std::set<Repository> repositories;
  for (const Container& container : workload->containers)
    repositories.insert(container.image.repository());
  const People::Pauses pauses = context_.people.pauses();
  for (const Repository& repository : repositories) {
    if (!known.contains(repository)) {
      auto candidates = candidates_of(repository);
      if (!candidates) return std::move(candidates).error();
      known.emplace(repository, *std::move(candidates));
    }
    const People::Holds holds = context_.people.holds(repository);
    const Time now = context_.clock.now();
    // A turn tells why it leaves a container alone only where an event asks: one that is nobody's.
    const std::vector<Event> events = {plain_event(EventKind::ping, repository, now)};
    TurnInput input{.repository = repository,
                    .events = events,
                    .candidates = {},
                    .workloads = std::span(&workload, 1),
                    .rules = setup.rules,
                    .unsynced = {},
                    .observed = setup.observed,
                    .holds = *holds,
                    .pauses = *pauses,
                    .nearest = {},
                    .now = now};
    std::vector<Candidate> candidates = known.at(repository);
    auto result = [&] {
      const std::lock_guard lock(reader_mutex_);
      return take_aged_turn(input, candidates, reader_);
    }();
    if (!result) return std::move(result).error();
    for (PlannedContainer& one : plan_of(input, *result))
      plan.containers.push_back(std::move(one));
  }
  return Done{};
}

Result<Plan> EnginePeople::plan(const Scope& scope) const {
  const SetupPtr setup = context_.setup.get();
  Plan plan;
  std::vector<WorkloadPtr> workloads;
  if (scope.workload.empty()) {
    auto all = workloads_in(scope);
    if (!all) return std::move(all).error();
    workloads = *std::move(all);
  } else {
    auto one = live(scope);
    if (!one) return std::move(one).error();
    workloads.push_back(*std::move(one));
  }
  std::ranges::sort(workloads, [](const WorkloadPtr& a, const WorkloadPtr& b) {
    return std::tie(a->target, a->id) < std::tie(b->target, b->id);
  });
  for (const auto& outbox : setup->outboxes) {
    const std::string& name = outbox->target().name();
    const bool asked = scope.target.empty() || scope.target == name;
    if (asked && !outbox->target().synced()) plan.unsynced.push_back(name);
  }
  std::map<Repository, std::vector<Candidate>> known;
  for (const WorkloadPtr& workload : workloads) {
    if (plan.containers.size() + workload->containers.size() > kMostPlanned) {
      plan.left_out += workload->containers.size();
      continue;
    }
    if (auto status = plan_workload(workload, *setup, plan, known); !status) {
      return std::move(status).error();
    }
  }
  return plan;
}

}  // namespace longshore
