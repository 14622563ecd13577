// SPDX-License-Identifier: Apache-2.0
#include "pipeline/decision.h"

#include <algorithm>

#include "pipeline/decision_rules.h"
#include "pipeline/min_age.h"

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

// What the tag names now; null if nobody told.
const Candidate* find_tag(const Question& question, const Tag& tag) {
  const Candidate* found = nullptr;
  for (const Candidate& candidate : question.candidates) {
    if (candidate.tag != tag || candidate.moved_on) continue;
    if (found == nullptr || comes_first(candidate, *found)) found = &candidate;
  }
  return found;
}

std::string what_runs(const ImageRef& current) {
  if (current.digest()) return std::string(current.digest()->brief()) + " runs now";
  return "no digest is written now";
}

bool is_newer(const Candidate& a, const Candidate& b) {
  return a.first_seen != b.first_seen ? a.first_seen > b.first_seen : a.seq > b.seq;
}

// Whether the tag had this digest, it may be written, and it came after `running`.
bool is_earlier_push(const Question& question, const Tag& tag, const Candidate& candidate,
                     const Candidate* running) {
  return candidate.moved_on && candidate.tag == tag && candidate.digest &&
         candidate.digest != question.current.digest() && hold_on(question, candidate) == nullptr &&
         (running == nullptr || is_newer(candidate, *running));
}

// The push of the digest that is written; null if it is not known.
const Candidate* find_running(const Question& question, const Tag& tag) {
  const Candidate* found = nullptr;
  for (const Candidate& candidate : question.candidates) {
    if (candidate.tag != tag || !candidate.digest) continue;
    if (candidate.digest != question.current.digest()) continue;
    if (found == nullptr || is_newer(candidate, *found)) found = &candidate;
  }
  return found;
}

// The last digest that the tag had before and that is old enough; null if what runs is newer.
const Candidate* find_in_time(const Question& question, const Tag& tag) {
  const Candidate* running = find_running(question, tag);
  const Candidate* found = nullptr;
  for (const Candidate& candidate : question.candidates) {
    if (!is_earlier_push(question, tag, candidate, running)) continue;
    if (old_enough_at(question, candidate)) continue;
    if (found == nullptr || is_newer(candidate, *found)) found = &candidate;
  }
  return found;
}

// While what the tag names now is too young.
Decision follow_in_time(const Question& question, const Candidate& named) {
  const Candidate* taken = find_in_time(question, named.tag);
  const Candidate* floor = taken == nullptr ? find_running(question, named.tag) : taken;
  const std::string digest(named.digest->brief());
  Decision decision;
  decision.due = old_enough_at(question, named);
  for (const Candidate& candidate : question.candidates) {
    if (!is_earlier_push(question, named.tag, candidate, floor)) continue;
    decision.due = earlier_of(decision.due, old_enough_at(question, candidate));
  }
  decision.winner = taken == nullptr ? named : *taken;
  decision.reason = named.tag.str() + " now names " + digest + ", which " +
                    why_too_young(question, named) + "; " + what_runs(question.current);
  decision.verdict = Verdict::wait;
  if (taken == nullptr) return decision;
  decision.verdict = Verdict::update;
  decision.reason = std::string(taken->digest->brief()) + " is the last digest of " +
                    named.tag.str() + " that is old enough; " + decision.reason;
  decision.to = question.current.with(taken->tag, taken->digest);
  return decision;
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
  if (old_enough_at(question, candidate)) return follow_in_time(question, candidate);
  Decision decision;
  decision.verdict = Verdict::update;
  decision.reason = tag + " now names " + digest + "; " + what_runs(question.current);
  decision.to = question.current.with(candidate.tag, candidate.digest);
  decision.winner = candidate;
  return decision;
}

// first: the candidate that the decision is about.
Verdicts::Line follow_line(const Question& question, const Candidate& candidate,
                           const Candidate& first, const Decision& decision) {
  if (&candidate == &first) {
    return {candidate.tag, decision.verdict == Verdict::update, decision.reason};
  }
  if (candidate.tag != first.tag) {
    return {candidate.tag, false, "is another tag than " + first.tag.str() + ", which is followed"};
  }
  const bool young = !candidate.moved_on && first.moved_on && old_enough_at(question, candidate);
  return {candidate.tag, false,
          young ? why_too_young(question, candidate) : "is an older push of this tag"};
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

std::optional<Time> old_enough_at(const Question& question, const Candidate& candidate) {
  if (question.now - candidate.first_seen >= question.settings.min_age) return std::nullopt;
  return candidate.first_seen + question.settings.min_age;
}

std::string why_too_young(const Question& question, const Candidate& candidate) {
  const auto age = std::chrono::floor<std::chrono::seconds>(question.now - candidate.first_seen);
  return "is " + in_words(age, 2) + " old, and min-age is " + in_words(question.settings.min_age);
}

std::optional<Time> earlier_of(std::optional<Time> a, std::optional<Time> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

bool comes_first(const Candidate& a, const Candidate& b) {
  if (a.tag != b.tag) return a.tag < b.tag;
  if (a.moved_on != b.moved_on) return b.moved_on;
  if (a.seq != b.seq) return a.seq > b.seq;
  if (a.first_seen != b.first_seen) return a.first_seen > b.first_seen;
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
  const auto& winner = verdicts.decision.winner;
  const Candidate* first = winner && winner->moved_on ? find_in_time(question, *tag) : followed;
  verdicts.candidates.push_back(follow_line(question, *first, *first, verdicts.decision));
  for (const Candidate* candidate : by_tag(question.candidates)) {
    if (candidate == first) continue;
    verdicts.candidates.push_back(follow_line(question, *candidate, *first, verdicts.decision));
  }
  return verdicts;
}

Verdicts decide_force(const Question& question) {
  const std::optional<Tag> tag = question.current.effective_tag();
  if (!tag) return decide_digest(question);
  Verdicts verdicts = decide_last_push(question, *tag);
  const bool waits = verdicts.decision.verdict == Verdict::wait;
  if (verdicts.decision.winner && !waits) return verdicts;
  // Was the tag that runs pushed anew?
  Verdicts followed = decide_digest(question);
  if (!followed.decision.winner) return verdicts;
  const bool both_wait = waits && followed.decision.verdict == Verdict::wait;
  Verdicts& chosen = both_wait ? verdicts : followed;
  chosen.decision.due = earlier_of(verdicts.decision.due, followed.decision.due);
  return chosen;
}

Verdicts decide_never(const Question& question) {
  return skip_all(question, "the policy is never: left alone", "the policy is never");
}

Decision decide(const PolicySettings& settings, const ImageRef& current,
                std::span<const Candidate> candidates, std::span<const Hold> holds, Time now) {
  return answer({settings, current, candidates, holds, now, Detail::decision_only}).decision;
}

Verdicts explain(const PolicySettings& settings, const ImageRef& current,
                 std::span<const Candidate> candidates, std::span<const Hold> holds, Time now) {
  return answer({settings, current, candidates, holds, now, Detail::with_candidates});
}

}  // namespace longshore
