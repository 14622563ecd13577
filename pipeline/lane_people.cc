// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pipeline/lane_worker.h"
#include "pipeline/overruled.h"

namespace longshore {
namespace {

bool holds_what_we_wrote(const Workload& workload, std::span<const LastWrite> written) {
  return std::ranges::all_of(written, [&](const LastWrite& ours) {
    return std::ranges::none_of(workload.containers, [&](const Container& container) {
      return container.name == ours.container && !(container.image == ours.image);
    });
  });
}

AuditEntry line_for(const Hold& hold, Time now) {
  AuditEntry line;
  line.time = now;
  line.step = "overruled";
  line.image = hold.repository.str();
  if (hold.tag) line.image += ":" + hold.tag->str();
  if (hold.digest) line.image += "@" + hold.digest->str();
  line.workload = hold.target + ": " + hold.workload + " " + hold.container;
  line.reason = hold.reason;
  return line;
}

}  // namespace

// Nearly always what we wrote stands there, and one read tells. Else the order of the questions
// keeps our own change from being taken for a person's: no action is open, so what it has written
// is in the store, and the target shows it.
Result<std::vector<Hold>> LaneWorker::overruled_in(const Workload& workload, const Turn& turn,
                                                   const Setup& setup,
                                                   std::span<const Candidate> candidates) {
  auto& people = reader_.people();
  auto written = people.written(workload.target, workload.id);
  if (!written) return std::move(written).error();
  if (holds_what_we_wrote(workload, *written)) return std::vector<Hold>();
  auto open = people.has_open_action(workload.target, workload.id);
  if (!open) return std::move(open).error();
  if (*open) return std::vector<Hold>();
  written = people.written(workload.target, workload.id);
  if (!written) return std::move(written).error();
  const WorkloadPtr live = setup.workload_of(workload.target, workload.id);
  if (!live) return std::vector<Hold>();
  return overruled(*live, *written, turn.repository, setup.rules, candidates, context_.clock.now());
}

Result<LaneWorker::Held> LaneWorker::read_holds(const Turn& turn, const Setup& setup,
                                                std::span<const WorkloadPtr> workloads,
                                                std::span<const Candidate> candidates) {
  Held held{*context_.people.holds(turn.repository), {}};
  for (const WorkloadPtr& workload : workloads) {
    auto found = overruled_in(*workload, turn, setup, candidates);
    if (!found) return std::move(found).error();
    for (Hold& hold : *found) {
      const bool known =
          std::ranges::any_of(held.all, [&](const Hold& other) { return is_same(other, hold); });
      if (known) continue;
      held.all.push_back(hold);
      held.added.push_back(std::move(hold));
    }
  }
  return held;
}

Status LaneWorker::write_holds(StoreWriter& writer, std::span<const Hold> holds) {
  for (const Hold& hold : holds) {
    if (auto status = writer.audit(line_for(hold, hold.since)); !status) return status;
    if (auto status = context_.people.hold(writer, hold); !status) return status;
  }
  return Done{};
}

}  // namespace longshore
