// SPDX-License-Identifier: Apache-2.0
//
// What somebody waits for: from an event or an image to its actions, and from these to their
// rollouts.
#include <algorithm>

#include "pipeline/engine_people.h"
#include "pipeline/rollout_watch.h"

namespace longshore {
namespace {

using State = Progress::State;

constexpr std::size_t kMostWaits = 10'000;
constexpr std::size_t kMostActions = 5'000;

// The state that says more wins: what is on its way, then what failed, then what is done.
int weight(State state) {
  switch (state) {
    case State::pending:
      return 4;
    case State::failed:
      return 3;
    case State::completed:
      return 2;
    case State::nothing:
      return 1;
    case State::unknown:
      break;
  }
  return 0;
}

void add(Progress& progress, State state, const std::string& detail) {
  if (weight(state) <= weight(progress.state)) return;
  progress.state = state;
  progress.detail = detail;
}

std::string place(const Action& action) {
  return action.target + ": " + action.workload;
}

void add_rollout(const Action& action, const Rollout& rollout, Progress& progress) {
  const std::string& why = rollout.reason.empty() ? rollout.progress : rollout.reason;
  const std::string detail = place(action) + (why.empty() ? "" : ": " + why);
  switch (rollout.state) {
    case RolloutState::watching:
      return add(progress, State::pending, detail);
    case RolloutState::completed:
      return add(progress, State::completed, detail);
    case RolloutState::failed:
    case RolloutState::rolled_back:
      return add(progress, State::failed, detail);
    case RolloutState::superseded:
      break;
  }
  add(progress, State::nothing, detail);
}

void add_action(const Action& action, const std::optional<Rollout>& rollout, Progress& progress) {
  switch (action.state) {
    case ActionState::done:
      if (rollout) return add_rollout(action, *rollout, progress);
      return add(progress, State::completed, place(action) + ": done");
    case ActionState::dead:
      return add(progress, State::failed, place(action) + ": " + action.error);
    case ActionState::superseded:
      return add(progress, State::nothing, place(action) + ": a newer decision took its place");
    case ActionState::conflicted:
      return add(progress, State::nothing, place(action) + ": it was changed meanwhile");
    case ActionState::ready:
    case ActionState::in_flight:
    case ActionState::waiting:
    case ActionState::parked:
      break;
  }
  add(progress, State::pending,
      place(action) + ": " + std::string(name_of(action.state)) +
          (action.error.empty() ? "" : ", " + action.error));
}

// Whether the action was to bring this image to some container.
bool brings(const Action& action, const ImageRef& image) {
  return std::ranges::any_of(action.changes, [&](const ContainerChange& change) {
    const auto digest = change.to.digest() ? change.to.digest() : change.to_digest;
    if (image.digest() && digest != image.digest()) return false;
    return !image.tag() || change.to.effective_tag() == image.tag();
  });
}

}  // namespace

std::string_view name_of(Progress::State state) noexcept {
  switch (state) {
    case State::unknown:
      return "unknown";
    case State::pending:
      return "pending";
    case State::nothing:
      return "nothing";
    case State::completed:
      return "completed";
    case State::failed:
      break;
  }
  return "failed";
}

Status EnginePeople::add_what_waits(const Repository& repository, const std::optional<Tag>& tag,
                                    Progress& progress) const {
  auto waits = reader_.waits(kMostWaits);
  if (!waits) return std::move(waits).error();
  for (const Wait& wait : *waits) {
    if (wait.repository != repository) continue;
    if (!wait.target.empty() || !tag || wait.tag == tag) {
      add(progress, State::pending, wait.reason);
    }
  }
  return Done{};
}

// A way back is no success of what it undoes; its own rollout says nothing of the image.
Status EnginePeople::add_actions(std::vector<Action> actions, Progress& progress) const {
  for (Action& action : actions) {
    if (action.way_back) continue;
    auto rollout = reader_.rollouts().of_action(action.id);
    if (!rollout) return std::move(rollout).error();
    if (*rollout && (*rollout)->state == RolloutState::watching) {
      (*rollout)->progress = progress_on_target(**rollout);
    }
    add_action(action, *rollout, progress);
    if (*rollout) progress.rollouts.push_back(**std::move(rollout));
    progress.actions.push_back(std::move(action));
  }
  return Done{};
}

// How far it is, as its watch has last seen it.
std::string EnginePeople::progress_on_target(const Rollout& rollout) const {
  const auto outbox = context_.setup.get()->outbox_of(rollout.target);
  if (!outbox || outbox->watch() == nullptr) return {};
  return outbox->watch()->progress_of(rollout.workload);
}

Result<Progress> EnginePeople::progress_of(const EventId& id) const {
  auto event = reader_.event(id);
  if (!event) return std::move(event).error();
  Progress progress;
  if (event->not_actionable) {
    add(progress, State::nothing, *event->not_actionable);
    return progress;
  }
  auto decider = reader_.people().decided_by(event->seq);
  if (!decider) return std::move(decider).error();
  if (!*decider) {
    add(progress, State::pending, "it is not decided yet");
    return progress;
  }
  auto actions = reader_.actions_of(event->repository, kMostActions);
  if (!actions) return std::move(actions).error();
  std::erase_if(*actions, [&](const Action& action) {
    return action.event != id && action.event != **decider;
  });
  if (auto status = add_actions(*std::move(actions), progress); !status) {
    return std::move(status).error();
  }
  if (auto status = add_what_waits(event->repository, event->tag, progress); !status) {
    return std::move(status).error();
  }
  add(progress, State::nothing,
      "nothing was to be done: `longshore audit --event " + id.str() + "` says why");
  return progress;
}

Result<Progress> EnginePeople::progress_of(const ImageRef& image) const {
  Progress progress;
  auto actions = reader_.actions_of(image.repository(), kMostActions);
  if (!actions) return std::move(actions).error();
  std::erase_if(*actions, [&](const Action& action) { return !brings(action, image); });
  if (auto status = add_actions(*std::move(actions), progress); !status) {
    return std::move(status).error();
  }
  if (auto status = add_what_waits(image.repository(), image.tag(), progress); !status) {
    return std::move(status).error();
  }
  if (progress.state != State::unknown) return progress;
  auto history = reader_.current_tags(image.repository());
  if (!history) return std::move(history).error();
  const bool known = std::ranges::any_of(*history, [&](const auto& entry) {
    const auto& [tag, state] = entry;
    if (image.digest() && state.digest != image.digest()) return false;
    return !image.tag() || tag == *image.tag();
  });
  if (known) {
    add(progress, State::nothing,
        "nothing was to be done: `longshore audit --image " + image.str() + "` says why");
  } else {
    progress.detail = "nobody has told of " + image.str() + " yet";
  }
  return progress;
}

Result<Progress> EnginePeople::progress_of(const std::string& of) const {
  const std::lock_guard lock(reader_mutex_);
  if (const auto id = EventId::parse(of)) return progress_of(*id);
  const auto image = ImageRef::parse(of);
  if (!image || (!image->tag() && !image->digest())) {
    return Error{Errc::invalid_input,
                 "'" + of + "' is neither the id of an event nor an image with a tag or digest"};
  }
  return progress_of(*image);
}

}  // namespace longshore
