// SPDX-License-Identifier: Apache-2.0
#include "pipeline/aged_turn.h"

#include <algorithm>

#include "pipeline/restart.h"

namespace longshore {
namespace {

std::vector<Digest> running_digests(const TurnInput& input) {
  std::vector<Digest> digests;
  for (const WorkloadPtr& workload : input.workloads) {
    for (const Container& container : workload->containers) {
      const auto& digest = container.image.digest();
      const bool is_ours = container.image.repository() == input.repository;
      if (is_ours && digest && std::ranges::find(digests, *digest) == digests.end()) {
        digests.push_back(*digest);
      }
    }
  }
  return digests;
}

bool is_followed_by_restart(const Workload& workload, const TurnInput& input) {
  return std::ranges::any_of(workload.containers, [&](const Container& container) {
    if (container.image.repository() != input.repository) return false;
    const auto settings =
        settings_for(workload.annotations, container.name, input.repository, input.rules);
    return settings && *settings && follows_by_restart(**settings);
  });
}

Status read_written(TurnInput& input, StoreReader& reader) {
  for (const WorkloadPtr& workload : input.workloads) {
    const std::pair key(workload->target, workload->id);
    if (!workload->restarts || input.written.contains(key)) continue;
    if (!is_followed_by_restart(*workload, input)) continue;
    auto written = reader.people().written(workload->target, workload->id);
    if (!written) return std::move(written).error();
    input.written.emplace(key, *std::move(written));
  }
  return Done{};
}

}  // namespace

Result<TurnResult> take_aged_turn(TurnInput& input, std::vector<Candidate>& candidates,
                                  StoreReader& reader) {
  if (auto read = read_written(input, reader); !read) return std::move(read).error();
  input.candidates = candidates;
  TurnResult result = take_turn(input);
  if (result.ages.empty()) return result;
  const std::vector<Digest> running = running_digests(input);
  for (const std::chrono::seconds age : result.ages) {
    auto earlier = reader.tags_at(input.repository, input.now - age, running);
    if (!earlier) return std::move(earlier).error();
    candidates.insert(candidates.end(), earlier->begin(), earlier->end());
  }
  input.candidates = candidates;
  return take_turn(input);
}

}  // namespace longshore
