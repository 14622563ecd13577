// SPDX-License-Identifier: Apache-2.0
#include "pipeline/way_back.h"

#include <algorithm>

namespace longshore {
namespace {

const RolloutPart* find(const Rollout& rollout, const std::string& container) {
  const auto at = std::ranges::find_if(
      rollout.parts, [&](const RolloutPart& part) { return part.container == container; });
  return at == rollout.parts.end() ? nullptr : &*at;
}

RolloutPart part_of(const Action& action, const ContainerChange& change, const Rollout* former) {
  RolloutPart part{change.container, change.to, change.to_digest, std::nullopt, std::nullopt};
  if (action.way_back) return part;
  part.back = change.from;
  part.back_digest = change.from_digest;
  if (former == nullptr || former->state == RolloutState::completed) return part;
  // What was gone back to had run before, whether it has come up again yet or not.
  if (former->way_back && former->state != RolloutState::failed) return part;
  const RolloutPart* before = find(*former, change.container);
  if (before == nullptr || !(before->to == change.from)) return part;
  part.back = before->back;
  part.back_digest = before->back_digest;
  return part;
}

std::string unknown(const RolloutPart& part) {
  return "it is not known which image " + part.container + " ran before";
}

// By its digest, with the tag beside it.
ImageRef by_digest(const ImageRef& image, const Digest& digest) {
  return image.with(image.effective_tag(), digest);
}

std::optional<Digest> digest_behind(const RolloutPart& part) {
  if (!part.back) return std::nullopt;
  return part.back->digest() ? part.back->digest() : part.back_digest;
}

// Whether the registry says that the reference, as it was written, still names that digest.
Result<bool> still_names(const RolloutPart& part, const Digest& digest, const AskRegistry& ask) {
  const std::optional<Tag> tag = part.back->effective_tag();
  // A tag that both have has moved, or nothing would have been written.
  if (part.back->digest() || !tag || tag == part.to.effective_tag()) return false;
  const auto now = ask.tag(part.back->repository(), *tag);
  if (now) return *now == digest;
  if (now.error().code == Errc::not_found) return false;
  return now.error();
}

ContainerChange change_back(const RolloutPart& part, ImageRef to, const Digest& digest) {
  return {part.container, part.to, std::move(to), part.digest, digest};
}

}  // namespace

Rollout rollout_of(const Action& action, const std::string& mark, const Rollout* former, Time now) {
  Rollout rollout{.id = action.id,
                  .target = action.target,
                  .workload = action.workload,
                  .repository = action.repository,
                  .event = action.event,
                  .parts = {},
                  .mark = mark,
                  .way_back = action.way_back,
                  .state = RolloutState::watching,
                  .started = now,
                  .ended = std::nullopt,
                  .progress = {},
                  .reason = {}};
  for (const ContainerChange& change : action.changes)
    rollout.parts.push_back(part_of(action, change, former));
  const bool unfinished = former != nullptr && former->state == RolloutState::watching;
  if (!unfinished || former->way_back || action.way_back) return rollout;
  for (const RolloutPart& part : former->parts) {
    if (find(rollout, part.container) == nullptr) rollout.parts.push_back(part);
  }
  return rollout;
}

Result<WayBack> find_way_back(const Rollout& rollout, const AskRegistry& ask) {
  WayBack way;
  for (const RolloutPart& part : rollout.parts) {
    const std::optional<Digest> digest = digest_behind(part);
    if (!digest) return WayBack{{}, unknown(part)};
    const auto as_written = still_names(part, *digest, ask);
    if (!as_written) return as_written.error();
    if (*as_written) {
      way.changes.push_back(change_back(part, *part.back, *digest));
      continue;
    }
    const ImageRef to = by_digest(*part.back, *digest);
    if (const auto there = ask.digest(to.repository(), *digest); !there) {
      if (there.error().code != Errc::not_found) return there.error();
      return WayBack{{}, "the registry no longer has " + to.str()};
    }
    way.changes.push_back(change_back(part, to, *digest));
  }
  return way;
}

WayBack way_back_unasked(const Rollout& rollout) {
  WayBack way;
  for (const RolloutPart& part : rollout.parts) {
    const std::optional<Digest> digest = digest_behind(part);
    if (!digest) return WayBack{{}, unknown(part)};
    way.changes.push_back(change_back(part, by_digest(*part.back, *digest), *digest));
  }
  return way;
}

std::vector<Hold> holds_for(const Rollout& rollout, const std::string& reason, Time now) {
  std::vector<Hold> holds;
  for (const RolloutPart& part : rollout.parts) {
    holds.push_back(Hold{.target = rollout.target,
                         .workload = rollout.workload,
                         .container = part.container,
                         .repository = part.to.repository(),
                         .digest = part.digest ? part.digest : part.to.digest(),
                         .tag = part.to.effective_tag(),
                         .reason = reason,
                         .and_below = false,
                         .actor = {},
                         .since = now});
  }
  return holds;
}

}  // namespace longshore
