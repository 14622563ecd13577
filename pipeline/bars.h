// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "pipeline/tag_field.h"

namespace longshore {

// What keeps a tag out that would win by its place. Used by the decisions alone.
enum class Bar {
  none,
  held,
  moved_on,  // its tag names another digest, and it cannot be written by its own
  young,     // not for min-age yet
};

class Bars {
 public:
  Bars(const Question& question, const TagField& field);

  // key: the candidate's in the field.
  Bar on(const Candidate& candidate, const std::optional<SortKey>& key) const;
  // The hold on that tag or digest, or the one of which it is below; null if there is none.
  const Hold* hold_on(const Candidate& candidate, const std::optional<SortKey>& key) const;

 private:
  // A hold that reaches down from a tag; without a key it holds that tag alone.
  struct Ceiling {
    const Hold* hold = nullptr;
    std::optional<SortKey> key;
  };

  const Question& question_;
  std::vector<Ceiling> ceilings_;
};

// Why a candidate whose tag names another digest by now cannot be written; empty if it can.
std::string_view why_unwritable(const Question& question, const Candidate& candidate);

}  // namespace longshore
