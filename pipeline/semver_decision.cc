// SPDX-License-Identifier: Apache-2.0
//
// Every candidate gets a standing; the best eligible one wins. A skip names the highest version
// above the current one that was refused, and why: whoever pushed it and sees nothing happen reads
// this line.
#include <algorithm>
#include <optional>
#include <vector>

#include "pipeline/decision_rules.h"

namespace longshore {
namespace {

enum class Rank {
  eligible,
  held,
  prerelease,
  out_of_range,
  same_version,
  below,
  runs_now,
  no_version,
  companion,
};

struct Standing {
  const Candidate* candidate;
  Rank rank;
  std::optional<Version> version;
  const Hold* hold = nullptr;
};

struct Form {
  bool leading_v = false;
  std::ptrdiff_t dots = 0;
  friend bool operator==(const Form&, const Form&) = default;
};

Form form_of(const Tag& tag) {
  const std::string_view text = tag.str();
  const std::string_view numbers = text.substr(0, text.find_first_of("-_"));
  return {text.starts_with('v'), std::count(numbers.begin(), numbers.end(), '.')};
}

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

class SemverDecision {
 public:
  SemverDecision(const Question& question, const SemverPolicy& policy, const Tag& tag,
                 const Version& version)
      : question_(question), policy_(policy), tag_(tag), version_(version) {
    standings_.reserve(question.candidates.size());
    for (const Candidate& candidate : question.candidates) {
      standings_.push_back(weigh(candidate));
      const Standing& standing = standings_.back();
      if (standing.rank == Rank::eligible && is_better(standing, best_)) best_ = position();
    }
  }

  Verdicts answer() const {
    Verdicts verdicts{best_ ? take(standings_[*best_]) : refuse(), {}};
    if (question_.detail == Detail::with_candidates) verdicts.candidates = lines(verdicts.decision);
    return verdicts;
  }

 private:
  std::size_t position() const { return standings_.size() - 1; }

  bool is_wanted(const Version& version) const {
    return version.prerelease().empty() || question_.settings.prerelease ||
           (policy_.range && policy_.range->names_prerelease());
  }

  bool is_in_range(const Version& version) const {
    return !policy_.range || policy_.range->contains(version);
  }

  Standing weigh(const Candidate& candidate) const {
    if (candidate.tag.is_companion()) return {&candidate, Rank::companion, std::nullopt};
    std::optional<Version> version = Version::of(candidate.tag);
    if (!version) return {&candidate, Rank::no_version, std::nullopt};
    const Hold* hold = nullptr;
    const Rank rank = [&] {
      if (candidate.tag == tag_) return Rank::runs_now;
      if (!is_in_range(*version)) return Rank::out_of_range;
      if (!is_wanted(*version)) return Rank::prerelease;
      if (*version < version_) return Rank::below;
      if (*version == version_) return Rank::same_version;
      hold = hold_on(question_, candidate);
      return hold == nullptr ? Rank::eligible : Rank::held;
    }();
    return {&candidate, rank, std::move(version), hold};
  }

  bool is_better(const Standing& a, const std::optional<std::size_t>& other) const {
    return !other || is_better(a, standings_[*other]);
  }

  // REQUIRES: both have a version.
  bool is_better(const Standing& a, const Standing& b) const {
    if (*a.version != *b.version) return *a.version > *b.version;
    const Form wanted = form_of(tag_);
    const bool a_fits = form_of(a.candidate->tag) == wanted;
    const bool b_fits = form_of(b.candidate->tag) == wanted;
    if (a_fits != b_fits) return a_fits;
    return comes_first(*a.candidate, *b.candidate);
  }

  // The tags that the winner, or the current one, is the highest of.
  std::size_t count() const {
    const auto counts = [&](const Standing& standing) {
      if (standing.rank == Rank::runs_now) return is_current_in_scope();
      return standing.rank == Rank::eligible || standing.rank == Rank::below ||
             standing.rank == Rank::same_version;
    };
    return static_cast<std::size_t>(std::count_if(standings_.begin(), standings_.end(), counts));
  }

  bool is_current_in_scope() const { return is_in_range(version_) && is_wanted(version_); }

  // "5 tags in ~1.4", "5 versions"
  std::string field(std::size_t size) const {
    if (!policy_.range) return count_of(size, "version", "versions");
    return count_of(size, "tag", "tags") + " in " + policy_.range->str();
  }

  std::string runs_now() const { return tag_.str() + " runs now"; }

  Decision take(const Standing& winner) const {
    const Candidate& candidate = *winner.candidate;
    const std::string& tag = candidate.tag.str();
    const bool was_pinned = question_.current.digest().has_value();
    const Pin pin = question_.settings.pin;
    const bool by_digest = pin == Pin::digest || (pin == Pin::automatic && was_pinned);
    Decision decision;
    decision.winner = candidate;
    decision.reason = tag + " is the highest of " + field(count());
    if (by_digest && !candidate.digest) {
      decision.reason += ", but its digest is not known and ";
      decision.reason += pin == Pin::digest ? "pin is digest" : "the image is pinned by digest";
      decision.reason += "; " + runs_now();
      return decision;
    }
    decision.verdict = Verdict::update;
    decision.reason += "; " + runs_now();
    if (const Standing* held = find_refused(*winner.version, Rank::held)) {
      decision.reason += "; " + refusal(*held);
    }
    decision.to = question_.current.with(candidate.tag,
                                         by_digest ? candidate.digest : std::optional<Digest>());
    return decision;
  }

  Decision refuse() const {
    const std::size_t size = count();
    std::string reason;
    if (is_current_in_scope()) {
      reason = "already runs the highest";
      reason += size == 0 ? ": " : " of " + field(size) + ": ";
      reason += tag_.str();
    } else if (size == 0) {
      reason = policy_.range ? "no tag is in " + policy_.range->str() : "no tag is a version";
      reason += "; " + runs_now();
    } else {
      reason = runs_now() + " and none of " + field(size) + " is above it: nothing is downgraded";
    }
    const Standing* nearest = find_refused(version_, Rank::held);
    if (nearest == nullptr) nearest = find_refused(version_, Rank::prerelease);
    if (nearest == nullptr) nearest = find_refused(version_, Rank::out_of_range);
    if (nearest != nullptr) reason += "; " + refusal(*nearest);
    if (const Standing* moved = find_moved()) reason += "; " + refusal(*moved);
    return skip(std::move(reason));
  }

  // The best one of that rank above the floor; null if there is none.
  const Standing* find_refused(const Version& floor, Rank rank) const {
    const Standing* best = nullptr;
    for (const Standing& standing : standings_) {
      if (standing.rank != rank || *standing.version <= floor) continue;
      if (best == nullptr || is_better(standing, *best)) best = &standing;
    }
    return best;
  }

  bool has_moved(const Standing& standing) const {
    return standing.rank == Rank::runs_now && question_.current.digest() &&
           standing.candidate->digest && question_.current.digest() != standing.candidate->digest;
  }

  const Standing* find_moved() const {
    const Standing* newest = nullptr;
    for (const Standing& standing : standings_) {
      if (standing.rank != Rank::runs_now) continue;
      if (newest == nullptr || comes_first(*standing.candidate, *newest->candidate)) {
        newest = &standing;
      }
    }
    return newest != nullptr && has_moved(*newest) ? newest : nullptr;
  }

  // "1.4.4 is held: its rollout failed"
  std::string refusal(const Standing& standing) const {
    return standing.candidate->tag.str() + ' ' + why_refused(standing);
  }

  std::string why_refused(const Standing& standing) const {
    switch (standing.rank) {
      case Rank::held:
        return "is held: " + standing.hold->reason;
      case Rank::prerelease:
        return "is a prerelease, and prereleases are not asked for";
      case Rank::out_of_range:
        return "is not in " + policy_.range->str();
      case Rank::same_version:
        return "is the same version as " + tag_.str() + ", which runs now";
      case Rank::below:
        return "is below " + tag_.str() + ", which runs now";
      case Rank::no_version:
        return "is no version";
      case Rank::companion:
        return "holds signatures or referrers of another image";
      case Rank::eligible:
      case Rank::runs_now:
        break;
    }
    if (!has_moved(standing)) return "runs now";
    return "now names " + std::string(standing.candidate->digest->brief()) +
           ", but semver does not follow a moved tag";
  }

  std::string why_not_best(const Standing& standing, const Standing& best) const {
    const std::string& winner = best.candidate->tag.str();
    if (standing.candidate->tag == best.candidate->tag) return "is an older push of this tag";
    if (*standing.version < *best.version) return "is below " + winner;
    return "is the same version as " + winner + ", which is preferred for its form";
  }

  Verdicts::Line line(const Standing& standing, const Decision& decision) const {
    const Tag& tag = standing.candidate->tag;
    if (standing.rank != Rank::eligible) return {tag, false, why_refused(standing)};
    const Standing& best = standings_[*best_];
    if (&standing != &best) return {tag, false, why_not_best(standing, best)};
    const bool wins = decision.verdict == Verdict::update;
    const std::string highest = "is the highest of " + field(count());
    return {tag, wins, wins ? highest : highest + ", but its digest is not known"};
  }

  std::vector<Verdicts::Line> lines(const Decision& decision) const {
    std::vector<const Standing*> sorted;
    for (const Standing& standing : standings_)
      sorted.push_back(&standing);
    std::sort(sorted.begin(), sorted.end(), [&](const Standing* a, const Standing* b) {
      const bool a_eligible = a->rank == Rank::eligible;
      if (a_eligible != (b->rank == Rank::eligible)) return a_eligible;
      return a_eligible ? is_better(*a, *b) : comes_first(*a->candidate, *b->candidate);
    });
    std::vector<Verdicts::Line> lines;
    for (const Standing* standing : sorted)
      lines.push_back(line(*standing, decision));
    return lines;
  }

  const Question& question_;
  const SemverPolicy& policy_;
  const Tag& tag_;
  const Version& version_;
  std::vector<Standing> standings_;
  std::optional<std::size_t> best_;
};

}  // namespace

Verdicts decide_semver(const Question& question, const SemverPolicy& policy) {
  const std::optional<Tag> tag = question.current.effective_tag();
  if (!tag) {
    return skip_all(question,
                    "no tag to compare with: the image is pinned by digest alone; write "
                    "tag@digest, so that semver knows which version runs",
                    "there is no current tag to compare with");
  }
  const auto version = Version::parse(tag->str());
  if (!version) {
    std::string reason = question.current.tag() ? "" : "no tag is written, which means latest; ";
    reason += version.error().message + "; semver has nothing to compare with";
    return skip_all(question, std::move(reason), "the current tag is no version");
  }
  return SemverDecision(question, policy, *tag, *version).answer();
}

}  // namespace longshore
