// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pipeline/engine.h"

namespace longshore {

RolloutContext Engine::rollout_context(Resolver* resolver) {
  return {.journal = journal_,
          .people = people_,
          .setup = setup_,
          .clock = clock_,
          .resolver = resolver,
          .platforms = std::make_shared<Platforms>(resolver),
          .send =
              [this](Action action) {
                const auto outbox = setup_.get()->outbox_of(action.target);
                if (outbox) outbox->add(std::move(action));
              },
          .kick = [this](const Repository& repository) { lanes_.kick(repository); }};
}

std::shared_ptr<Outbox> Engine::make_outbox(std::shared_ptr<Target> target) {
  auto watch =
      target->watches_rollouts() ? std::make_unique<RolloutWatch>(*target, rollouts_) : nullptr;
  return std::make_shared<Outbox>(
      std::move(target), std::move(watch), options_, journal_, clock_,
      Outbox::Hooks{
          .on_conflict =
              [this](const Repository& repository, int conflicts) {
                // The first is decided again at once; a fight with somebody else who
                // writes the same workload gets slower and slower.
                const auto pause =
                    std::chrono::milliseconds(100) * ((1 << std::min(conflicts - 1, 10)) - 1);
                lanes_.kick_at(repository, clock_.steady() + pause);
              },
          .decide_again = [this](const Repository& repository) { lanes_.kick(repository); }});
}

// Gives the rollouts that are watched to their targets; those of unknown targets stay as they are.
Status Engine::hand_out_rollouts(const Setup& setup) {
  auto watching = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.rollouts().watching();
  }();
  if (!watching) return std::move(watching).error();
  for (Rollout& rollout : *watching) {
    const auto outbox = setup.outbox_of(rollout.target);
    if (outbox && outbox->watch() != nullptr) outbox->watch()->add(std::move(rollout));
  }
  return Done{};
}

void Engine::rollout_moved(const std::string& target, const std::string& workload) {
  const auto outbox = setup_.get()->outbox_of(target);
  if (outbox && outbox->watch() != nullptr) outbox->watch()->moved(workload);
}

}  // namespace longshore
