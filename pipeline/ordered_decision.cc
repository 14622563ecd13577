// SPDX-License-Identifier: Apache-2.0
//
// Every candidate gets a standing; the best eligible one wins. A skip names the best one above the
// current that was refused, and why: whoever pushed it and sees nothing happen reads this line.
#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "pipeline/bars.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

enum class Rank {
  eligible,
  young,
  held,
  moved_on,
  unwanted,
  outside,
  same,
  below,
  runs_now,
  undated,
  unordered,
  companion,
};

Rank rank_of(Bar bar) {
  if (bar == Bar::none) return Rank::eligible;
  if (bar == Bar::young) return Rank::young;
  return bar == Bar::held ? Rank::held : Rank::moved_on;
}

struct Standing {
  const Candidate* candidate;
  Rank rank;
  std::optional<SortKey> key;
  const Hold* hold = nullptr;
};

struct Form {
  bool leading_v = false;
  bool leading_zero = false;
  std::ptrdiff_t dots = 0;
  friend bool operator==(const Form&, const Form&) = default;
};

Form form_of(const Tag& tag) {
  const std::string_view text = tag.str();
  const std::string_view numbers = text.substr(0, text.find_first_of("-_"));
  const bool zero = numbers.size() > 1 && numbers[0] == '0' && is_digit(numbers[1]);
  return {text.starts_with('v'), zero, std::count(numbers.begin(), numbers.end(), '.')};
}

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

class OrderedDecision {
 public:
  OrderedDecision(const Question& question, const TagField& field, const Tag& tag)
      : question_(question),
        field_(field),
        words_(field.words()),
        tag_(tag),
        bars_(question, field) {
    standings_.reserve(question.candidates.size());
    for (const Candidate& candidate : question.candidates) {
      standings_.push_back(weigh(candidate));
      const Standing& standing = standings_.back();
      if (standing.rank == Rank::eligible && is_better(standing, best_)) best_ = position();
      if (standing.rank == Rank::young && is_better(standing, young_)) young_ = position();
    }
  }

  Verdicts answer() const {
    Verdicts verdicts{best_    ? take(standings_[*best_])
                      : young_ ? wait_for(standings_[*young_])
                               : refuse(),
                      {}};
    if (question_.detail == Detail::with_candidates) verdicts.candidates = lines(verdicts.decision);
    return verdicts;
  }

 private:
  std::size_t position() const { return standings_.size() - 1; }

  Standing weigh(const Candidate& candidate) const {
    if (candidate.tag.is_companion()) return {&candidate, Rank::companion, std::nullopt};
    Place place = field_.place(candidate);
    const Hold* hold = nullptr;
    const Rank rank = [&] {
      if (candidate.tag == tag_) return Rank::runs_now;
      if (place.fit == Fit::unordered) return Rank::unordered;
      if (place.fit == Fit::undated) return Rank::undated;
      if (place.fit == Fit::outside) return Rank::outside;
      if (place.fit == Fit::unwanted) return Rank::unwanted;
      if (field_.floor() && *place.key < *field_.floor()) return Rank::below;
      if (field_.floor() && *place.key == *field_.floor()) return Rank::same;
      const Bar bar = bars_.on(candidate, place.key);
      if (bar == Bar::held) hold = bars_.hold_on(candidate, place.key);
      return rank_of(bar);
    }();
    return {&candidate, rank, std::move(place.key), hold};
  }

  bool is_better(const Standing& a, const std::optional<std::size_t>& other) const {
    return !other || is_better(a, standings_[*other]);
  }

  // REQUIRES: both have a key.
  bool is_better(const Standing& a, const Standing& b) const {
    if (*a.key != *b.key) return *a.key > *b.key;
    const Form wanted = form_of(tag_);
    const bool a_fits = form_of(a.candidate->tag) == wanted;
    const bool b_fits = form_of(b.candidate->tag) == wanted;
    if (a_fits != b_fits) return a_fits;
    return comes_first(*a.candidate, *b.candidate);
  }

  // The tags that the winner, or the current one, is the highest of. What a tag named before makes
  // it no second one.
  std::size_t count() const {
    const auto counts = [&](const Standing& standing) {
      if (standing.rank == Rank::runs_now) return is_current_in_scope();
      return standing.rank == Rank::eligible || standing.rank == Rank::below ||
             standing.rank == Rank::same;
    };
    std::size_t size = 0;
    std::set<std::string_view> earlier;
    for (const Standing& standing : standings_) {
      if (!counts(standing)) continue;
      if (!standing.candidate->moved_on) ++size;
      if (standing.candidate->moved_on) earlier.insert(standing.candidate->tag.str());
    }
    for (const Standing& standing : standings_) {
      if (earlier.empty()) break;
      const bool again = !standing.candidate->moved_on && counts(standing);
      if (again) earlier.erase(standing.candidate->tag.str());
    }
    return size + earlier.size();
  }

  bool is_current_in_scope() const {
    const Candidate current{tag_, {}, 0, {}, {}};
    return field_.place(current).fit == Fit::competes;
  }

  // "5 tags in ~1.4", "5 versions"
  std::string counted(std::size_t size) const {
    return count_of(size, words_.one, words_.many) + words_.scope;
  }

  std::string best_of(std::size_t size) const {
    return "the " + std::string(words_.best) + " of " + counted(size);
  }

  std::string runs_now() const { return tag_.str() + " runs now"; }

  // What will be better than the winner, or than what runs, once it is old enough.
  bool is_awaited(const Standing& standing, const Standing* winner) const {
    if (standing.rank != Rank::young) return false;
    return winner == nullptr || is_better(standing, *winner);
  }

  std::optional<Time> due(const Standing* winner) const {
    std::optional<Time> earliest;
    for (const Standing& standing : standings_) {
      if (!is_awaited(standing, winner)) continue;
      earliest = earlier_of(earliest, old_enough_at(question_, *standing.candidate));
    }
    return earliest;
  }

  // "; 1.4.4 is held: its rollout failed; 1.4.3 is 2 h old, and min-age is 3 d"
  std::string above(const Standing& winner) const {
    std::string text;
    if (const Standing* held = find_refused(winner.key, Rank::held)) text += "; " + refusal(*held);
    if (winner.rank == Rank::young || !young_) return text;
    const Standing& young = standings_[*young_];
    const bool other_tag = young.candidate->tag != winner.candidate->tag;
    return other_tag && is_awaited(young, &winner) ? text + "; " + refusal(young) : text;
  }

  Decision wait_for(const Standing& young) const {
    Decision decision;
    decision.verdict = Verdict::wait;
    decision.winner = *young.candidate;
    decision.reason = refusal(young) + "; " + runs_now() + above(young);
    decision.due = due(nullptr);
    return decision;
  }

  Decision take(const Standing& winner) const {
    const Candidate& candidate = *winner.candidate;
    const std::string& tag = candidate.tag.str();
    const bool was_pinned = question_.current.digest().has_value();
    const Pin pin = question_.settings.pin;
    const bool by_digest =
        pin == Pin::digest || (pin == Pin::automatic && was_pinned) || candidate.moved_on;
    Decision decision;
    decision.winner = candidate;
    decision.due = due(&winner);
    decision.reason = tag + " is " + best_of(count());
    if (by_digest && !candidate.digest) {
      decision.reason += ", but its digest is not known and ";
      decision.reason += pin == Pin::digest ? "pin is digest" : "the image is pinned by digest";
      decision.reason += "; " + runs_now();
      return decision;
    }
    decision.verdict = Verdict::update;
    if (candidate.moved_on) {
      decision.reason += ", with the digest that it had before it moved on: ";
      decision.reason += candidate.digest->brief();
    }
    decision.reason += "; " + runs_now() + above(winner);
    const bool with_digest = by_digest || (words_.follows && pin == Pin::automatic);
    decision.to = question_.current.with(candidate.tag,
                                         with_digest ? candidate.digest : std::optional<Digest>());
    return decision;
  }

  Decision refuse() const {
    const std::size_t size = count();
    std::string reason;
    if (is_current_in_scope()) {
      reason = "already runs ";
      reason += size == 0 ? "the " + std::string(words_.best) : best_of(size);
      reason += ": " + tag_.str();
    } else if (size == 0) {
      reason = words_.none + "; " + runs_now();
    } else {
      reason = runs_now() + " and none of " + counted(size) + ' ' + std::string(words_.above);
    }
    const Standing* nearest = nullptr;
    for (const Rank rank : {Rank::held, Rank::moved_on, Rank::unwanted, Rank::outside}) {
      if (nearest == nullptr) nearest = find_refused(field_.floor(), rank);
    }
    if (nearest != nullptr) reason += "; " + refusal(*nearest);
    if (const Standing* moved = find_moved()) reason += "; " + refusal(*moved);
    return skip(std::move(reason));
  }

  // The best one of that rank above the floor; null if there is none.
  const Standing* find_refused(const std::optional<SortKey>& floor, Rank rank) const {
    const Standing* best = nullptr;
    for (const Standing& standing : standings_) {
      if (standing.rank != rank || (floor && *standing.key <= *floor)) continue;
      if (best == nullptr || is_better(standing, *best)) best = &standing;
    }
    return best;
  }

  bool has_moved(const Standing& standing) const {
    return standing.rank == Rank::runs_now && !standing.candidate->moved_on &&
           question_.current.digest() && standing.candidate->digest &&
           question_.current.digest() != standing.candidate->digest;
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
      case Rank::young:
        return why_too_young(question_, *standing.candidate);
      case Rank::held:
        return "is held: " + standing.hold->reason;
      case Rank::moved_on:
        return std::string(why_unwritable(question_, *standing.candidate));
      case Rank::unwanted:
        return field_.why_not(Fit::unwanted, standing.candidate->tag);
      case Rank::outside:
        return field_.why_not(Fit::outside, standing.candidate->tag);
      case Rank::undated:
        return "was found in a list of tags, which does not say when it was pushed";
      case Rank::unordered:
        return field_.why_not(Fit::unordered, standing.candidate->tag);
      case Rank::same:
        return std::string(words_.same) + " as " + tag_.str() + ", which runs now";
      case Rank::below:
        return std::string(words_.below) + ' ' + tag_.str() + ", which runs now";
      case Rank::companion:
        return "holds signatures or referrers of another image";
      case Rank::eligible:
      case Rank::runs_now:
        break;
    }
    if (standing.candidate->moved_on && standing.candidate->digest != question_.current.digest()) {
      return "is an older push of this tag";
    }
    if (!has_moved(standing)) return "runs now";
    return "now names " + std::string(standing.candidate->digest->brief()) + ", but " +
           std::string(words_.policy) + " does not follow a moved tag";
  }

  std::string why_not_best(const Standing& standing, const Standing& best) const {
    const std::string& winner = best.candidate->tag.str();
    if (standing.candidate->tag == best.candidate->tag) return "is an older push of this tag";
    if (*standing.key < *best.key) return std::string(words_.below) + ' ' + winner;
    return std::string(words_.same) + " as " + winner + ", which is preferred for its form";
  }

  Verdicts::Line line(const Standing& standing, const Decision& decision) const {
    const Tag& tag = standing.candidate->tag;
    if (standing.rank != Rank::eligible) return {tag, false, why_refused(standing)};
    const Standing& best = standings_[*best_];
    if (&standing != &best) return {tag, false, why_not_best(standing, best)};
    const bool wins = decision.verdict == Verdict::update;
    const std::string highest = "is " + best_of(count());
    return {tag, wins, wins ? highest : highest + ", but its digest is not known"};
  }

  std::vector<Verdicts::Line> lines(const Decision& decision) const {
    std::vector<const Standing*> sorted;
    for (const Standing& standing : standings_)
      sorted.push_back(&standing);
    std::sort(sorted.begin(), sorted.end(), [&](const Standing* a, const Standing* b) {
      const Rank last = Rank::held;  // from there on by tag
      if (a->rank != b->rank && std::min(a->rank, b->rank) < last) return a->rank < b->rank;
      return a->rank < last ? is_better(*a, *b) : comes_first(*a->candidate, *b->candidate);
    });
    std::vector<Verdicts::Line> lines;
    for (const Standing* standing : sorted)
      lines.push_back(line(*standing, decision));
    return lines;
  }

  const Question& question_;
  const TagField& field_;
  const FieldWords& words_;
  const Tag& tag_;
  const Bars bars_;
  std::vector<Standing> standings_;
  std::optional<std::size_t> best_;
  std::optional<std::size_t> young_;  // the best of those that are too young
};

template <typename P>
Verdicts decide_by(const Question& question, const P& policy) {
  const std::optional<Tag> tag = question.current.effective_tag();
  if (!tag) {
    return skip_all(question,
                    "no tag to compare with: the image is pinned by digest alone; write "
                    "tag@digest, so that the version that runs is known",
                    "there is no current tag to compare with");
  }
  const auto field = make_field(question, policy, *tag);
  if (!field) {
    return skip_all(question, field.error().message, "cannot be compared with what runs now");
  }
  return OrderedDecision(question, **field, *tag).answer();
}

}  // namespace

Verdicts decide_semver(const Question& question, const SemverPolicy& policy) {
  return decide_by(question, policy);
}

Verdicts decide_keel(const Question& question, const KeelPolicy& policy) {
  return decide_by(question, policy);
}

Verdicts decide_calver(const Question& question, const CalverPolicy& policy) {
  return decide_by(question, policy);
}

Verdicts decide_ordered(const Question& question, const OrderedPolicy& policy) {
  return decide_by(question, policy);
}

Verdicts decide_last_push(const Question& question, const Tag& current) {
  return OrderedDecision(question, *make_force_field(question, current), current).answer();
}

}  // namespace longshore
