// SPDX-License-Identifier: Apache-2.0
#include "pipeline/bars.h"

#include <algorithm>

namespace longshore {
namespace {

// Where the held tag stands. By age that is told by its pushes alone: the one with the held digest,
// where it is among them, else the last.
std::optional<SortKey> ceiling_of(const Question& question, const TagField& field,
                                  const Hold& hold) {
  std::optional<SortKey> same_digest;
  std::optional<SortKey> highest;
  bool is_known = false;
  for (const Candidate& candidate : question.candidates) {
    if (candidate.tag != hold.tag) continue;
    is_known = true;
    const auto key = field.place(candidate).key;
    highest = std::max(highest, key);
    if (hold.digest && candidate.digest == hold.digest) same_digest = std::max(same_digest, key);
  }
  if (same_digest) return same_digest;
  if (is_known) return highest;
  auto key = field.place(Candidate{*hold.tag, {}, 0, {}, {}}).key;
  if (key && std::holds_alternative<Age>(*key)) return std::nullopt;
  return key;
}

}  // namespace

Bars::Bars(const Question& question, const TagField& field) : question_(question) {
  for (const Hold& hold : question.holds) {
    if (!hold.and_below || !hold.tag) continue;
    if (hold.repository != question.current.repository()) continue;
    ceilings_.push_back({&hold, ceiling_of(question, field, hold)});
  }
}

const Hold* Bars::hold_on(const Candidate& candidate, const std::optional<SortKey>& key) const {
  if (const Hold* hold = longshore::hold_on(question_, candidate)) return hold;
  const auto found = std::find_if(ceilings_.begin(), ceilings_.end(), [&](const Ceiling& ceiling) {
    if (!ceiling.key) return ceiling.hold->tag == candidate.tag;
    return key && *key <= *ceiling.key;
  });
  return found == ceilings_.end() ? nullptr : found->hold;
}

Bar Bars::on(const Candidate& candidate, const std::optional<SortKey>& key) const {
  if (hold_on(candidate, key) != nullptr) return Bar::held;
  if (!why_unwritable(question_, candidate).empty()) return Bar::moved_on;
  return old_enough_at(question_, candidate) ? Bar::young : Bar::none;
}

std::string_view why_unwritable(const Question& question, const Candidate& candidate) {
  if (!candidate.moved_on) return {};
  if (!candidate.digest) {
    return "names another digest by now, and the one that it had is not known";
  }
  if (question.settings.pin == Pin::tag) {
    return "names another digest by now and could only be written with the one that it had, but "
           "pin is tag";
  }
  return {};
}

}  // namespace longshore
