// SPDX-License-Identifier: Apache-2.0
#include "tests/pipeline/decide_properties.h"

#include <algorithm>

namespace longshore::test {
namespace {

using Broken = std::optional<std::string>;

Decision decide_asked(const Asked& asked) {
  return decide(asked.settings, asked.current, asked.candidates, asked.holds, asked.now);
}

bool same(const Decision& a, const Decision& b) {
  return a.verdict == b.verdict && a.reason == b.reason && a.to == b.to && a.due == b.due;
}

bool is_young(const Asked& asked, const Candidate& candidate) {
  return candidate.first_seen + asked.settings.min_age > asked.now;
}

bool is_unwritable(const Asked& asked, const Candidate& candidate) {
  return candidate.moved_on && (!candidate.digest || asked.settings.pin == Pin::tag);
}

bool is_held(const Asked& asked, const Candidate& candidate) {
  for (const Hold& hold : asked.holds) {
    if (hold.repository != asked.current.repository()) continue;
    if (hold.digest && hold.digest == candidate.digest) return true;
    if ((!hold.digest || !candidate.digest) && hold.tag == candidate.tag) return true;
  }
  return false;
}

// Whether a person set something lower than that version.
bool is_held_below(const Asked& asked, const Version& version, const Tag& tag) {
  return std::any_of(asked.holds.begin(), asked.holds.end(), [&](const Hold& hold) {
    if (!hold.and_below || !hold.tag) return false;
    if (hold.repository != asked.current.repository()) return false;
    const auto ceiling = Version::parse(hold.tag->str());
    return ceiling ? version <= *ceiling : hold.tag == tag;
  });
}

// Whether semver could take it at some time, told without the code under test: only parse and
// contains.
bool is_wanted(const Asked& asked, const SemverPolicy& policy, const Candidate& candidate) {
  const auto version = Version::parse(candidate.tag.str());
  const auto current = Version::parse(asked.current.effective_tag()->str());
  if (!version || !current || candidate.tag.is_companion() || is_held(asked, candidate) ||
      is_held_below(asked, *version, candidate.tag) || is_unwritable(asked, candidate)) {
    return false;
  }
  const bool prereleases =
      asked.settings.prerelease || (policy.range && policy.range->names_prerelease());
  return *version > *current && (prereleases || version->prerelease().empty()) &&
         (!policy.range || policy.range->contains(*version));
}

Broken check_semver(const Asked& asked, const Decision& decision, const SemverPolicy& policy) {
  if (!asked.current.effective_tag()) return std::nullopt;
  std::vector<Candidate> wanted;
  for (const Candidate& candidate : asked.candidates) {
    if (is_wanted(asked, policy, candidate)) wanted.push_back(candidate);
  }
  if (wanted.empty() == decision.winner.has_value()) return "a winner where there is none, or none";
  if (wanted.empty()) return std::nullopt;
  const bool waits = std::all_of(wanted.begin(), wanted.end(),
                                 [&](const Candidate& one) { return is_young(asked, one); });
  if (waits != (decision.verdict == Verdict::wait))
    return "a wait where one is old enough, or none";
  if (!is_wanted(asked, policy, *decision.winner)) return "the winner may not win";
  const auto winner = Version::parse(decision.winner->tag.str());
  for (const Candidate& candidate : wanted) {
    if (*Version::parse(candidate.tag.str()) <= *winner) continue;
    if (waits || !is_young(asked, candidate)) return candidate.tag.str() + " is above the winner";
    if (!decision.due || *decision.due > candidate.first_seen + asked.settings.min_age) {
      return candidate.tag.str() + " is above the winner and never due";
    }
  }
  return std::nullopt;
}

// Whether what the tag named before replaces a later push of it.
bool goes_back(const Asked& asked, const Candidate& winner) {
  return winner.moved_on &&
         std::any_of(asked.candidates.begin(), asked.candidates.end(), [&](const Candidate& one) {
           return one.tag == winner.tag && one.digest && one.digest == asked.current.digest() &&
                  one.first_seen > winner.first_seen;
         });
}

Broken check_digest(const Asked& asked, const Decision& decision) {
  if (!decision.to) return std::nullopt;
  if (decision.to->tag() != asked.current.effective_tag()) return "digest left its tag";
  if (!decision.to->digest()) return "digest wrote no digest";
  if (is_held(asked, *decision.winner)) return "what is held won";
  if (goes_back(asked, *decision.winner)) return "an older push of the tag won";
  return std::nullopt;
}

// What a wait, a moment to decide again, and a winner that has moved on or is too young mean.
Broken check_time(const Asked& asked, const Decision& decision) {
  if (decision.due && *decision.due <= asked.now) return "due already";
  const bool waits = decision.verdict == Verdict::wait;
  if (waits && (!decision.winner || !decision.due)) return "waits for nothing";
  if (!decision.winner) return decision.due ? Broken("due without a winner") : std::nullopt;
  const bool young = is_young(asked, *decision.winner);
  if (waits != (young && decision.verdict != Verdict::skip))
    return "too young, or waits for the old";
  if (is_unwritable(asked, *decision.winner)) return "what cannot be written won";
  if (decision.to && decision.winner->moved_on && !decision.to->digest()) {
    return "what a tag named before is written without its digest";
  }
  return std::nullopt;
}

bool same_outcome(const Decision& a, const Decision& b) {
  return a.verdict == b.verdict && a.to == b.to;
}

// force only looks at the last push: there every one that grows old counts.
Broken check_until_due(Asked asked, const Decision& decision) {
  if (std::holds_alternative<ForcePolicy>(asked.settings.policy)) return std::nullopt;
  asked.now = decision.due ? *decision.due - std::chrono::microseconds(1)
                           : asked.now + std::chrono::hours(24 * 36'500);
  const Decision later = decide_asked(asked);
  return same_outcome(later, decision) ? std::nullopt : Broken("another answer before it is due");
}

Broken check_update(const Asked& asked, const Decision& decision) {
  if (decision.reason.empty()) return "no reason";
  const bool update = decision.verdict == Verdict::update;
  if (update != decision.to.has_value()) return "an update without a reference, or a skip with one";
  if (!update) return std::nullopt;
  if (*decision.to == asked.current) return "an update to what runs";
  if (decision.to->name() != asked.current.name()) return "another spelling of the name";
  if (!decision.winner || decision.to->tag() != decision.winner->tag) return "another winner";
  const bool other = decision.to->digest() && decision.to->digest() != decision.winner->digest;
  return other ? Broken("a digest that is not the winner's") : std::nullopt;
}

// The newest push of the tag; 0 where nobody told of it.
Seq last_push(const Asked& asked, const std::optional<Tag>& tag) {
  Seq last = 0;
  for (const Candidate& candidate : asked.candidates) {
    if (candidate.tag == tag && !candidate.listed) last = std::max(last, candidate.seq);
  }
  return last;
}

// Whether both tags are versions and the winner's is not the higher one.
bool is_downgrade(const Asked& asked, const Tag& winner) {
  const auto current = Version::of(asked.current.effective_tag()->str());
  const auto version = Version::of(winner.str());
  return current && version && *version <= *current;
}

// What holds for every policy that compares tags.
Broken check_comparing(const Asked& asked, const Decision& decision) {
  if (!decision.winner) return std::nullopt;
  if (decision.winner->tag == asked.current.effective_tag()) return "the tag that runs won";
  if (decision.winner->tag.is_companion()) return "a signature's tag won";
  return is_held(asked, *decision.winner) ? Broken("what is held won") : std::nullopt;
}

Broken check_ordered(const Asked& asked, const Decision& decision, const OrderedPolicy& policy) {
  if (const Broken broken = check_comparing(asked, decision)) return broken;
  if (!decision.winner) return std::nullopt;
  const Tag& winner = decision.winner->tag;
  if (!policy.filter.part_of(winner.str())) return "the winner does not match";
  if (policy.order == TagOrder::newest) {
    if (decision.winner->listed) return "a listed tag was taken for the newest";
    const bool later = decision.winner->seq > last_push(asked, asked.current.effective_tag());
    return later ? std::nullopt : Broken("the winner was not pushed last");
  }
  if (policy.filter.kind() == TagFilter::Kind::any && policy.order == TagOrder::alphabetical) {
    const bool higher = winner.str() > asked.current.effective_tag()->str();
    return higher ? std::nullopt : Broken("a downgrade by bytes");
  }
  return std::nullopt;
}

Broken check_keel(const Asked& asked, const Decision& decision) {
  if (const Broken broken = check_comparing(asked, decision)) return broken;
  if (!decision.winner || !is_downgrade(asked, decision.winner->tag)) return std::nullopt;
  return "a downgrade";
}

Broken check_force(const Asked& asked, const Decision& decision) {
  if (!decision.to) return std::nullopt;
  if (decision.to->tag() == asked.current.effective_tag()) return check_digest(asked, decision);
  if (decision.winner->listed) return "a listed tag was taken for the newest";
  return check_keel(asked, decision);
}

Broken check_policy(const Asked& asked, const Decision& decision) {
  if (const auto* ordered = std::get_if<OrderedPolicy>(&asked.settings.policy)) {
    return check_ordered(asked, decision, *ordered);
  }
  if (std::holds_alternative<KeelPolicy>(asked.settings.policy)) {
    return check_keel(asked, decision);
  }
  if (std::holds_alternative<CalverPolicy>(asked.settings.policy)) {
    return check_comparing(asked, decision);
  }
  if (std::holds_alternative<ForcePolicy>(asked.settings.policy)) {
    return check_force(asked, decision);
  }
  if (const auto* semver = std::get_if<SemverPolicy>(&asked.settings.policy)) {
    return check_semver(asked, decision, *semver);
  }
  if (std::holds_alternative<DigestPolicy>(asked.settings.policy)) {
    return check_digest(asked, decision);
  }
  if (decision.verdict != Verdict::skip) return "never did not skip";
  return std::nullopt;
}

Broken check_order(Asked asked, const Decision& decision) {
  const auto rotate_by = static_cast<std::ptrdiff_t>(asked.candidates.size() / 2);
  std::rotate(asked.candidates.begin(), asked.candidates.begin() + rotate_by,
              asked.candidates.end());
  if (!same(decide_asked(asked), decision)) return "another answer when rotated";
  std::reverse(asked.candidates.begin(), asked.candidates.end());
  if (!same(decide_asked(asked), decision)) return "another answer when reversed";
  return std::nullopt;
}

Broken check_explain(const Asked& asked, const Decision& decision) {
  const Verdicts verdicts =
      explain(asked.settings, asked.current, asked.candidates, asked.holds, asked.now);
  if (!same(verdicts.decision, decision)) return "explain decided otherwise";
  if (verdicts.candidates.size() != asked.candidates.size()) return "a line for some only";
  const auto wins = std::count_if(verdicts.candidates.begin(), verdicts.candidates.end(),
                                  [](const Verdicts::Line& line) { return line.wins; });
  const std::ptrdiff_t expected = decision.verdict == Verdict::update ? 1 : 0;
  if (wins != expected) return "more or fewer lines win than one";
  if (wins == 1 && !verdicts.candidates.front().wins) return "the winner is not the first line";
  return std::nullopt;
}

Broken check_again(Asked asked, const Decision& decision) {
  if (!decision.to) return std::nullopt;
  asked.current = *decision.to;
  if (decide_asked(asked).verdict == Verdict::update) return "something left to do once it is done";
  return std::nullopt;
}

Broken check_policy_text(const Policy& policy) {
  if (std::holds_alternative<ForcePolicy>(policy)) return std::nullopt;  // only Keel's keys say it
  const auto again = parse_policy(to_string(policy));
  return again && *again == policy ? std::nullopt : Broken("to_string() is not read back");
}

}  // namespace

std::optional<std::string> broken_promise(const Asked& asked) {
  const Decision decision = decide_asked(asked);
  for (const Broken& broken :
       {check_update(asked, decision), check_time(asked, decision), check_policy(asked, decision),
        check_order(asked, decision), check_until_due(asked, decision),
        check_explain(asked, decision), check_again(asked, decision),
        check_policy_text(asked.settings.policy)}) {
    if (broken) return *broken + " (" + decision.reason + ")";
  }
  return std::nullopt;
}

}  // namespace longshore::test
