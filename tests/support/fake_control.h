// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/control.h"
#include "tests/support/fake_people.h"

namespace longshore::test {

// A Control that answers with what a test has put there, and remembers what it was asked.
// Threads: not safe while a test changes its members.
class FakeControl final : public Control {
 public:
  StatusReport report;
  std::vector<Metric> numbers;
  std::vector<Action> known_actions;
  std::vector<HistoryEntry> entries;
  AuditHead head;
  FakePeople said;
  std::optional<Error> failure;  // of the functions that can fail

  mutable std::optional<ActionState> asked_state;
  mutable std::size_t asked_limit = 0;
  mutable std::optional<Repository> asked_repository;
  std::vector<std::pair<ActionId, std::string>> retried;  // and by whom

  StatusReport status() const override { return report; }
  std::vector<Metric> metrics() const override { return numbers; }
  Result<std::vector<Action>> actions(std::optional<ActionState> state,
                                      std::size_t limit) const override {
    asked_state = state;
    asked_limit = limit;
    if (failure) return *failure;
    return known_actions;
  }
  Status retry_action(const ActionId& id, const std::string& actor) override {
    if (failure) return *failure;
    retried.emplace_back(id, actor);
    return Done{};
  }
  Result<std::vector<HistoryEntry>> history(const Repository& repository,
                                            std::size_t limit) const override {
    asked_repository = repository;
    asked_limit = limit;
    if (failure) return *failure;
    return entries;
  }
  AuditHead audit_head() const override { return head; }
  PeopleControl& people() override { return said; }
};

}  // namespace longshore::test
