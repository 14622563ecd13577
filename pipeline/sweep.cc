// SPDX-License-Identifier: Apache-2.0
#include "pipeline/sweep.h"

#include <algorithm>

#include "pipeline/people.h"

namespace longshore {
namespace {

bool follows_digest(const SweepQuestion& question) {
  return std::holds_alternative<DigestPolicy>(question.settings.policy) ||
         std::holds_alternative<ForcePolicy>(question.settings.policy);
}

Candidate listed(const Tag& tag) {
  return {.tag = tag,
          .digest = {},
          .seq = 0,
          .event = {},
          .occurred_at = {},
          .first_seen = {},
          .moved_on = false,
          .listed = true};
}

// Without what a list cannot answer: the digest of a tag and its age.
PolicySettings for_list(PolicySettings settings) {
  settings.min_age = std::chrono::seconds{0};
  settings.pin = Pin::tag;
  return settings;
}

bool is_asked(std::span<const SweepQuestion> questions, const SweepQuestion& question) {
  return std::ranges::any_of(questions, [&](const SweepQuestion& other) {
    return other.holds.empty() && question.holds.empty() && other.current == question.current &&
           other.settings == question.settings;
  });
}

}  // namespace

std::vector<SweepQuestion> sweep_questions(const Repository& repository,
                                           std::span<const WorkloadPtr> workloads,
                                           const std::vector<PolicyRule>& rules,
                                           std::span<const Hold> holds) {
  std::vector<SweepQuestion> questions;
  for (const WorkloadPtr& workload : workloads) {
    for (const Container& container : workload->containers) {
      if (container.image.repository() != repository) continue;
      const auto settings = settings_for(workload->annotations, container.name, repository, rules);
      if (!settings || !*settings) continue;
      if (std::holds_alternative<NeverPolicy>((*settings)->policy)) continue;
      SweepQuestion question{**settings, container.image,
                             holds_on(holds, *workload, container.name)};
      if (!is_asked(questions, question)) questions.push_back(std::move(question));
    }
  }
  return questions;
}

std::set<std::string> policies_of(std::span<const SweepQuestion> questions) {
  std::set<std::string> policies;
  for (const SweepQuestion& question : questions)
    policies.insert(to_string(question.settings.policy));
  return policies;
}

std::set<Tag> followed_tags(std::span<const SweepQuestion> questions) {
  std::set<Tag> tags;
  for (const SweepQuestion& question : questions) {
    const auto tag = question.current.effective_tag();
    if (tag && follows_digest(question)) tags.insert(*tag);
  }
  return tags;
}

bool needs_list(std::span<const SweepQuestion> questions) {
  return std::ranges::any_of(questions, [](const SweepQuestion& question) {
    return !std::holds_alternative<DigestPolicy>(question.settings.policy);
  });
}

ListWinners::ListWinners(std::vector<SweepQuestion> questions)
    : questions_(std::move(questions)), best_(questions_.size()) {
  for (SweepQuestion& question : questions_) {
    question.settings = for_list(question.settings);
    // By tag alone: a list knows no digests, so one that is written asks for none.
    question.current = question.current.with(question.current.effective_tag(), std::nullopt);
  }
}

void ListWinners::add(std::span<const Tag> page, Time now) {
  std::vector<Candidate> candidates;
  candidates.reserve(page.size() + 1);
  for (const Tag& tag : page)
    candidates.push_back(listed(tag));
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    if (follows_digest(questions_[i])) continue;
    const bool had = best_[i].has_value();
    if (had) candidates.push_back(listed(*best_[i]));
    const Decision decision =
        decide(questions_[i].settings, questions_[i].current, candidates, questions_[i].holds, now);
    if (decision.winner) best_[i] = decision.winner->tag;
    if (had) candidates.pop_back();
  }
}

std::set<Tag> ListWinners::winners() const {
  std::set<Tag> tags;
  for (const auto& tag : best_) {
    if (tag) tags.insert(*tag);
  }
  return tags;
}

}  // namespace longshore
