// SPDX-License-Identifier: Apache-2.0
#include "pipeline/aged_turn.h"

#include <algorithm>

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

}  // namespace

Result<TurnResult> take_aged_turn(TurnInput& input, std::vector<Candidate>& candidates,
                                  StoreReader& reader) {
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
