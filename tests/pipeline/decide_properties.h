// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/decision.h"

namespace longshore::test {

// What decide() was asked, by value.
struct Asked {
  PolicySettings settings;
  ImageRef current;
  std::vector<Candidate> candidates;  // no two with the same tag and seq
  std::vector<Hold> holds;
  Time now{};
};

// The first promise of decide() that its answer breaks, in words; empty if it keeps them all:
// never a downgrade, nothing held, nothing too young, nothing out of range, the highest of what is
// left, the same answer in any order and from explain(), nothing left to do once it has been done,
// and no other answer before it is due.
std::optional<std::string> broken_promise(const Asked& asked);

}  // namespace longshore::test
