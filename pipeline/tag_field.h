// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pipeline/decision_rules.h"

namespace longshore {

// The tags that compete under a policy, and how they compare. Used by the decisions alone.

// When a tag was pushed: by the senders' clocks where all of them told, else by our counting alone.
struct Age {
  std::int64_t time = 0;  // microseconds; 0 for all of them where one did not tell
  Seq seq = 0;
  friend auto operator<=>(const Age&, const Age&) = default;
};

// A number of any length, without leading zeros.
struct Number {
  std::string digits;
  friend bool operator==(const Number&, const Number&) = default;
  friend std::strong_ordering operator<=>(const Number& a, const Number& b) {
    if (a.digits.size() != b.digits.size()) return a.digits.size() <=> b.digits.size();
    return a.digits <=> b.digits;
  }
};

// Where fields mix kinds, a later one is above an earlier one.
using SortKey = std::variant<Age, Number, std::string, std::vector<std::uint64_t>, Version>;

enum class Fit {
  competes,
  unwanted,   // it has a place, but the settings do not ask for it: a prerelease
  outside,    // it has a place, but the policy reaches less far
  undated,    // by age it has a place, but a list of tags does not tell which
  unordered,  // it has no place in the order
};

struct Place {
  Fit fit = Fit::unordered;
  std::optional<SortKey> key;  // always but for undated and unordered
};

// How a field speaks.
struct FieldWords {
  std::string_view policy = "semver";             // "<policy> does not follow a moved tag"
  std::string_view one = "version";               // "1 version"
  std::string_view many = "versions";             // "5 versions"
  std::string scope;                              // " in ~1.4", after the number
  std::string_view best = "highest";              // "is the highest of"
  std::string none = "no tag is a version";       // competes
  std::string_view same = "is the same version";  // "… as 1.4.2, which runs now"
  std::string_view below = "is below";            // "… 1.4.2, which runs now"
  std::string_view above = "is above it: nothing is downgraded";  // "none of 5 versions …"
  bool follows = false;  // the current tag's digest, too: so what wins is written with its digest
};

class TagField {
 public:
  virtual ~TagField() = default;
  virtual Place place(const Candidate& candidate) const = 0;
  // "is no version", for a tag that does not compete; not asked where it is undated.
  virtual std::string why_not(Fit fit, const Tag& tag) const = 0;

  // The current tag's place; without one everything that competes is above it.
  const std::optional<SortKey>& floor() const noexcept { return floor_; }
  const FieldWords& words() const noexcept { return words_; }

 protected:
  std::optional<SortKey> floor_;
  FieldWords words_;
};

// Fails with the reason for a skip: the current tag has no place in the order.
Result<std::unique_ptr<TagField>> make_field(const Question& question, const SemverPolicy& policy,
                                             const Tag& current);
Result<std::unique_ptr<TagField>> make_field(const Question& question, const KeelPolicy& policy,
                                             const Tag& current);
Result<std::unique_ptr<TagField>> make_field(const Question& question, const CalverPolicy& policy,
                                             const Tag& current);
Result<std::unique_ptr<TagField>> make_field(const Question& question, const OrderedPolicy& policy,
                                             const Tag& current);
// The tag that was pushed last, unless it is a version that is not above the current one.
std::unique_ptr<TagField> make_force_field(const Question& question, const Tag& current);

}  // namespace longshore
