// SPDX-License-Identifier: Apache-2.0
#include "pipeline/decision.h"

#include <algorithm>

#include "pipeline/decision_rules.h"

namespace longshore {
namespace {

struct Answer {
  const Question& question;

  Verdicts operator()(const SemverPolicy& policy) const { return decide_semver(question, policy); }
  Verdicts operator()(const KeelPolicy& policy) const { return decide_keel(question, policy); }
  Verdicts operator()(const CalverPolicy& policy) const { return decide_calver(question, policy); }
  Verdicts operator()(const OrderedPolicy& policy) const {
    return decide_ordered(question, policy);
  }
  Verdicts operator()(const ForcePolicy&) const { return decide_force(question); }
  Verdicts operator()(const DigestPolicy&) const { return decide_digest(question); }
  Verdicts operator()(const NeverPolicy&) const { return decide_never(question); }
};

Verdicts answer(const Question& question) {
  return std::visit(Answer{question}, question.settings.policy);
}

// The newest candidate of the tag; null if there is none.
const Candidate* find_tag(const Question& question, const Tag& tag) {
  const Candidate* found = nullptr;
  for (const Candidate& candidate : question.candidates) {
    if (candidate.tag != tag) continue;
    if (found == nullptr || comes_first(candidate, *found)) found = &candidate;
  }
  return found;
}

std::string what_runs(const ImageRef& current) {
  if (current.digest()) return std::string(current.digest()->brief()) + " runs now";
  return "no digest is written now";
}

Decision follow(const Question& question, const Candidate& candidate) {
  const std::string& tag = candidate.tag.str();
  if (!candidate.digest) {
    Decision decision = skip("the digest of " + tag + " is not known: nothing can be compared");
    decision.winner = candidate;
    return decision;
  }
  const std::string digest(candidate.digest->brief());
  if (question.current.digest() == candidate.digest) {
    return skip("already runs " + digest + ", which " + tag + " names");
  }
  if (const Hold* hold = hold_on(question, candidate)) {
    return skip(tag + " now names " + digest + ", which is held: " + hold->reason);
  }
  Decision decision;
  decision.verdict = Verdict::update;
  decision.reason = tag + " now names " + digest + "; " + what_runs(question.current);
  decision.to = question.current.with(candidate.tag, candidate.digest);
  decision.winner = candidate;
  return decision;
}

Verdicts::Line follow_line(const Candidate& candidate, const Candidate& followed,
                           const Decision& decision) {
  const bool wins = decision.verdict == Verdict::update && &candidate == &followed;
  if (&candidate == &followed) return {candidate.tag, wins, decision.reason};
  if (candidate.tag == followed.tag) return {candidate.tag, false, "is an older push of this tag"};
  return {candidate.tag, false,
          "is another tag than " + followed.tag.str() + ", which is followed"};
}

std::vector<const Candidate*> by_tag(std::span<const Candidate> candidates) {
  std::vector<const Candidate*> sorted;
  for (const Candidate& candidate : candidates)
    sorted.push_back(&candidate);
  std::sort(sorted.begin(), sorted.end(),
            [](const Candidate* a, const Candidate* b) { return comes_first(*a, *b); });
  return sorted;
}

}  // namespace

bool is_held_in(const Hold& hold, const std::string& target, const std::string& workload,
                const std::string& container) noexcept {
  return hold.target == target && hold.workload == workload &&
         (hold.container.empty() || hold.container == container);
}

std::string_view name_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::update:
      return "update";
    case Verdict::skip:
      return "skip";
    case Verdict::wait:
      return "wait";
    case Verdict::conflict:
      break;
  }
  return "conflict";
}

const Hold* hold_on(const Question& question, const Candidate& candidate) {
  const auto found =
      std::find_if(question.holds.begin(), question.holds.end(), [&](const Hold& hold) {
        if (hold.repository != question.current.repository()) return false;
        if (hold.digest && candidate.digest) return hold.digest == candidate.digest;
        return hold.tag == candidate.tag;
      });
  return found == question.holds.end() ? nullptr : &*found;
}

bool comes_first(const Candidate& a, const Candidate& b) {
  if (a.tag != b.tag) return a.tag < b.tag;
  if (a.seq != b.seq) return a.seq > b.seq;
  return a.digest < b.digest;
}

Decision skip(std::string reason) {
  Decision decision;
  decision.reason = std::move(reason);
  return decision;
}

Verdicts skip_all(const Question& question, std::string reason, std::string_view why) {
  Verdicts verdicts{skip(std::move(reason)), {}};
  if (question.detail == Detail::decision_only) return verdicts;
  for (const Candidate* candidate : by_tag(question.candidates)) {
    verdicts.candidates.push_back({candidate->tag, false, std::string(why)});
  }
  return verdicts;
}

Verdicts decide_digest(const Question& question) {
  const std::optional<Tag> tag = question.current.effective_tag();
  if (!tag) {
    return skip_all(question, "the image is pinned by digest without a tag: nothing to follow",
                    "no tag is followed");
  }
  if (question.settings.pin == Pin::tag) {
    return skip_all(question,
                    "pin is tag, and a tag that does not move cannot show a new digest; set pin to "
                    "digest or remove it",
                    "pin is tag, which cannot show a new digest");
  }
  const Candidate* followed = tag->is_companion() ? nullptr : find_tag(question, *tag);
  if (followed == nullptr) {
    return skip_all(question, "no push of " + tag->str() + " is known yet",
                    "is another tag than " + tag->str() + ", which is followed");
  }
  Verdicts verdicts{follow(question, *followed), {}};
  if (question.detail == Detail::decision_only) return verdicts;
  verdicts.candidates.push_back(follow_line(*followed, *followed, verdicts.decision));
  for (const Candidate* candidate : by_tag(question.candidates)) {
    if (candidate == followed) continue;
    verdicts.candidates.push_back(follow_line(*candidate, *followed, verdicts.decision));
  }
  return verdicts;
}

Verdicts decide_never(const Question& question) {
  return skip_all(question, "the policy is never: left alone", "the policy is never");
}

Decision decide(const PolicySettings& settings, const ImageRef& current,
                std::span<const Candidate> candidates, std::span<const Hold> holds,
                [[maybe_unused]] Time now) {
  return answer({settings, current, candidates, holds, Detail::decision_only}).decision;
}

Verdicts explain(const PolicySettings& settings, const ImageRef& current,
                 std::span<const Candidate> candidates, std::span<const Hold> holds,
                 [[maybe_unused]] Time now) {
  return answer({settings, current, candidates, holds, Detail::with_candidates});
}

}  // namespace longshore
