// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "pipeline/decision.h"

namespace longshore {

// The parts of decide(): one function per policy, and what they share. Used by the decisions alone.

enum class Detail { decision_only, with_candidates };

// What decide() was asked, by reference.
struct Question {
  const PolicySettings& settings;
  const ImageRef& current;
  std::span<const Candidate> candidates;
  std::span<const Hold> holds;
  Time now;
  Detail detail;
};

Verdicts decide_semver(const Question& question, const SemverPolicy& policy);
Verdicts decide_keel(const Question& question, const KeelPolicy& policy);
Verdicts decide_calver(const Question& question, const CalverPolicy& policy);
Verdicts decide_ordered(const Question& question, const OrderedPolicy& policy);
Verdicts decide_force(const Question& question);
// The part of force that looks at other tags than the current one.
Verdicts decide_last_push(const Question& question, const Tag& current);
Verdicts decide_digest(const Question& question);
Verdicts decide_never(const Question& question);

// The hold on the candidate's own tag or digest; null if there is none. A candidate whose digest is
// not known is held by its tag, even if the hold knows a digest: it may well be that one.
const Hold* hold_on(const Question& question, const Candidate& candidate);

// When the candidate has the age that is asked for; nothing if it has it now.
std::optional<Time> old_enough_at(const Question& question, const Candidate& candidate);
// "is 2 h old, and min-age is 3 d"
std::string why_too_young(const Question& question, const Candidate& candidate);
// The earlier one, if there is one.
std::optional<Time> earlier_of(std::optional<Time> a, std::optional<Time> b);

// A total order for candidates that a policy cannot tell apart: by tag, then what the tag names now
// before what it named, then the newest first.
bool comes_first(const Candidate& a, const Candidate& b);

Decision skip(std::string reason);

// The same line for every candidate, sorted by tag; none unless they are asked for.
Verdicts skip_all(const Question& question, std::string reason, std::string_view why);

}  // namespace longshore
