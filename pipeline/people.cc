// SPDX-License-Identifier: Apache-2.0
#include "pipeline/people.h"

#include <algorithm>
#include <tuple>

namespace longshore {
namespace {

bool is_same(const Pause& a, const Pause& b) {
  return a.target == b.target && a.workload == b.workload;
}

template <class Said>
std::vector<Said> without(const std::vector<Said>& all, const Said& one) {
  std::vector<Said> rest;
  for (const Said& other : all) {
    if (!is_same(other, one)) rest.push_back(other);
  }
  return rest;
}

}  // namespace

bool is_same(const Hold& a, const Hold& b) {
  const auto key = [](const Hold& hold) {
    return std::tie(hold.target, hold.workload, hold.container, hold.repository, hold.tag,
                    hold.digest);
  };
  return key(a) == key(b);
}

Status People::load(PeopleReader& reader) {
  auto holds = reader.holds();
  if (!holds) return std::move(holds).error();
  auto pauses = reader.pauses();
  if (!pauses) return std::move(pauses).error();
  std::unordered_map<Repository, std::vector<Hold>> sorted;
  for (Hold& hold : *holds)
    sorted[hold.repository].push_back(std::move(hold));
  const std::lock_guard lock(mutex_);
  holds_.clear();
  for (auto& [repository, some] : sorted)
    replace(repository, std::move(some));
  pauses_ = std::make_shared<const std::vector<Pause>>(*std::move(pauses));
  return Done{};
}

People::Holds People::holds(const Repository& repository) const {
  static const Holds none = std::make_shared<const std::vector<Hold>>();
  const std::lock_guard lock(mutex_);
  const auto at = holds_.find(repository);
  return at == holds_.end() ? none : at->second;
}

std::vector<Hold> People::all_holds() const {
  std::vector<Hold> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [repository, holds] : holds_)
      all.insert(all.end(), holds->begin(), holds->end());
  }
  std::ranges::sort(all, [](const Hold& a, const Hold& b) {
    return std::tie(a.since, a.target, a.workload, a.container, a.repository) <
           std::tie(b.since, b.target, b.workload, b.container, b.repository);
  });
  return all;
}

People::Pauses People::pauses() const {
  const std::lock_guard lock(mutex_);
  return pauses_;
}

void People::replace(const Repository& repository, std::vector<Hold> holds) {
  if (holds.empty()) {
    holds_.erase(repository);
  } else {
    holds_[repository] = std::make_shared<const std::vector<Hold>>(std::move(holds));
  }
}

Status People::hold(StoreWriter& writer, const Hold& hold) {
  if (auto status = writer.people().put_hold(hold); !status) return status;
  std::vector<Hold> all = without(*holds(hold.repository), hold);
  all.push_back(hold);
  const std::lock_guard lock(mutex_);
  replace(hold.repository, std::move(all));
  return Done{};
}

Status People::unhold(StoreWriter& writer, const Hold& hold) {
  if (auto status = writer.people().remove_hold(hold); !status) return status;
  std::vector<Hold> rest = without(*holds(hold.repository), hold);
  const std::lock_guard lock(mutex_);
  replace(hold.repository, std::move(rest));
  return Done{};
}

Status People::pause(StoreWriter& writer, const Pause& pause) {
  if (auto status = writer.people().put_pause(pause); !status) return status;
  if (auto status = writer.people().take_back(pause); !status) return status;
  std::vector<Pause> all = without(*pauses(), pause);
  all.push_back(pause);
  const std::lock_guard lock(mutex_);
  pauses_ = std::make_shared<const std::vector<Pause>>(std::move(all));
  return Done{};
}

Status People::resume(StoreWriter& writer, const Pause& pause) {
  if (auto status = writer.people().remove_pause(pause); !status) return status;
  std::vector<Pause> rest = without(*pauses(), pause);
  const std::lock_guard lock(mutex_);
  pauses_ = std::make_shared<const std::vector<Pause>>(std::move(rest));
  return Done{};
}

std::vector<Hold> holds_on(std::span<const Hold> holds, const Workload& workload,
                           const std::string& container) {
  std::vector<Hold> found;
  for (const Hold& hold : holds) {
    if (hold.target != workload.target || hold.workload != workload.id) continue;
    if (hold.container.empty() || hold.container == container) found.push_back(hold);
  }
  return found;
}

const Pause* pause_on(std::span<const Pause> pauses, const std::string& target,
                      const std::string& workload) {
  const Pause* found = nullptr;
  const auto width = [](const Pause& pause) { return pause.target.size() + pause.workload.size(); };
  for (const Pause& pause : pauses) {
    if (!pause.target.empty() && pause.target != target) continue;
    if (!pause.workload.empty() && pause.workload != workload) continue;
    if (found == nullptr || width(pause) < width(*found)) found = &pause;
  }
  return found;
}

std::string in_words(const Pause& pause) {
  std::string words = pause.target.empty()     ? "everything is"
                      : pause.workload.empty() ? "target " + pause.target + " is"
                                               : "the workload is";
  words += " paused";
  if (!pause.actor.empty()) words += " by " + pause.actor;
  return pause.reason.empty() ? words : words + ": " + pause.reason;
}

}  // namespace longshore
