// SPDX-License-Identifier: Apache-2.0
#include "pipeline/overruled.h"

#include <algorithm>

namespace longshore {
namespace {

const LastWrite* find(std::span<const LastWrite> written, const std::string& container) {
  const auto found = std::ranges::find_if(
      written, [&](const LastWrite& one) { return one.container == container; });
  return found == written.end() ? nullptr : &*found;
}

// What we wrote, as if it were all there is to choose from; with what runs now, whose age counts.
std::vector<Candidate> the_two(const Tag& ours, const LastWrite& written, const ImageRef& current,
                               std::span<const Candidate> candidates) {
  Candidate candidate{.tag = ours,
                      .digest = written.image.digest(),
                      .seq = 0,
                      .event = std::nullopt,
                      .occurred_at = std::nullopt,
                      .first_seen = written.at};
  std::vector<Candidate> two;
  for (const Candidate& known : candidates) {
    if (known.tag == ours && !known.moved_on) {
      const std::optional<Digest> digest = candidate.digest ? candidate.digest : known.digest;
      candidate = known;
      candidate.digest = digest;
    } else if (current.effective_tag() == known.tag && !known.moved_on) {
      two.push_back(known);
    }
  }
  two.push_back(std::move(candidate));
  return two;
}

bool is_below(const PolicySettings& settings, const ImageRef& current, const Tag& ours,
              const LastWrite& written, std::span<const Candidate> candidates, Time now) {
  PolicySettings ageless = settings;
  ageless.min_age = std::chrono::seconds{0};
  // What we wrote without its digest could be written without it again.
  if (!written.image.digest() && ageless.pin == Pin::digest) ageless.pin = Pin::tag;
  const auto two = the_two(ours, written, current, candidates);
  const Decision decision = decide(ageless, current, two, {}, now);
  return decision.verdict == Verdict::update && decision.winner->tag == ours;
}

}  // namespace

std::vector<Hold> overruled(const Workload& workload, std::span<const LastWrite> written,
                            const Repository& repository, const std::vector<PolicyRule>& rules,
                            std::span<const Candidate> candidates, Time now) {
  std::vector<Hold> holds;
  for (const Container& container : workload.containers) {
    if (container.image.repository() != repository) continue;
    const LastWrite* ours = find(written, container.name);
    if (ours == nullptr || ours->image == container.image) continue;
    const std::optional<Tag> tag = ours->image.effective_tag();
    if (!tag || ours->image.repository() != repository) continue;
    const auto settings = settings_for(workload.annotations, container.name, repository, rules);
    if (!settings || !*settings) continue;
    if (!is_below(**settings, container.image, *tag, *ours, candidates, now)) continue;
    holds.push_back(Hold{.target = workload.target,
                         .workload = workload.id,
                         .container = container.name,
                         .repository = repository,
                         .digest = ours->image.digest(),
                         .tag = tag,
                         .reason = container.image.str() +
                                   " was set by somebody else after longshore had written " +
                                   ours->image.str(),
                         .and_below = true,
                         .actor = {},
                         .since = now});
  }
  return holds;
}

}  // namespace longshore
