// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "pipeline/decision.h"
#include "pipeline/target.h"

namespace longshore {

// What the workloads of one repository want to know of its registry, as pure functions.

// One container's question; containers that ask the same share one.
struct SweepQuestion {
  PolicySettings settings;
  ImageRef current;
  std::vector<Hold> holds;
};

// The questions of these workloads about this repository. Containers without a usable policy, and
// those that are left alone, ask nothing.
std::vector<SweepQuestion> sweep_questions(const Repository& repository,
                                           std::span<const WorkloadPtr> workloads,
                                           const std::vector<PolicyRule>& rules,
                                           std::span<const Hold> holds);

// The policies in words, to see whether they are others than before.
std::set<std::string> policies_of(std::span<const SweepQuestion> questions);

// The tags whose digest is to be asked for, with one request each.
std::set<Tag> followed_tags(std::span<const SweepQuestion> questions);
// Whether tags have to be listed; else the followed ones are enough.
bool needs_list(std::span<const SweepQuestion> questions);

// What would win among all the tags of a list, page by page: it holds one candidate for each
// question, however long the list is. A tag's age has no say: it is not known yet.
class ListWinners {
 public:
  explicit ListWinners(std::vector<SweepQuestion> questions);
  void add(std::span<const Tag> page, Time now);
  std::set<Tag> winners() const;

 private:
  std::vector<SweepQuestion> questions_;
  std::vector<std::optional<Tag>> best_;  // by question
};

}  // namespace longshore
