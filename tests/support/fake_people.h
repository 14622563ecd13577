// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/people_control.h"

namespace longshore::test {

// A PeopleControl that answers with what a test has put there, and remembers what it was told.
// Threads: not safe while a test changes its members.
class FakePeople final : public PeopleControl {
 public:
  Pause place;
  std::vector<Pause> still;
  std::vector<Hold> holds;
  Plan planned;
  std::optional<Action> action;  // of rollback()
  std::optional<Accepted> accepted;
  Progress progress;
  std::optional<Error> failure;

  mutable Scope asked;
  mutable std::string waited_for;
  std::string reason;
  std::string actor;
  HoldRequest request;
  std::optional<EventId> replayed;
  std::string to;

  Result<Pause> pause(const Scope& scope, const std::string& why, const std::string& who) override {
    asked = scope;
    reason = why;
    actor = who;
    return answer(place);
  }
  Result<Resumed> resume(const Scope& scope, const std::string& who) override {
    asked = scope;
    actor = who;
    return answer(Resumed{place, still});
  }
  Result<std::vector<Hold>> hold(const HoldRequest& what, const std::string& who) override {
    request = what;
    actor = who;
    return answer(holds);
  }
  Result<std::vector<Hold>> unhold(const HoldRequest& what, const std::string& who) override {
    return hold(what, who);
  }
  Result<Plan> plan(const Scope& scope) const override {
    asked = scope;
    return answer(planned);
  }
  Result<Progress> progress_of(const std::string& of) const override {
    waited_for = of;
    return answer(progress);
  }
  Result<Accepted> replay(const EventId& id, const std::string& who) override {
    replayed = id;
    actor = who;
    if (failure) return *failure;
    return *accepted;
  }
  Result<RolledBack> rollback(const Scope& scope, const std::string& reference,
                              const std::string& who) override {
    asked = scope;
    to = reference;
    actor = who;
    if (failure) return *failure;
    return RolledBack{*action, holds};
  }

 private:
  template <class T>
  Result<T> answer(const T& value) const {
    if (failure) return *failure;
    return value;
  }
};

}  // namespace longshore::test
