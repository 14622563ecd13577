// SPDX-License-Identifier: Apache-2.0
#include "pipeline/restart.h"

namespace longshore {

bool follows_by_restart(const PolicySettings& settings) {
  return settings.pin == Pin::tag && std::holds_alternative<DigestPolicy>(settings.policy);
}

Decision decide_restart(const PolicySettings& settings, const ImageRef& current,
                        const LastWrite* ours, std::span<const Candidate> candidates,
                        std::span<const Hold> holds, Time now) {
  PolicySettings by_digest = settings;
  by_digest.pin = Pin::digest;
  const bool known = ours != nullptr && ours->image == current && !current.digest();
  const ImageRef running = known ? current.with(current.tag(), ours->digest) : current;
  Decision decision = decide(by_digest, running, candidates, holds, now);
  if (decision.verdict != Verdict::update) return decision;
  if (decision.winner->moved_on) {
    decision.verdict = Verdict::skip;
    decision.reason += "; pin is tag, and a restart would pull what the tag names now";
    return decision;
  }
  decision.to = current.with(decision.winner->tag, std::nullopt);
  decision.reason += "; pin is tag, so it is restarted";
  return decision;
}

}  // namespace longshore
