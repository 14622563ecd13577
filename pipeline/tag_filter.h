// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "pipeline/pattern.h"
#include "pipeline/result.h"

namespace longshore {

// Which tags a policy looks at, and which part of them it orders.
//
//   any       every tag, the whole of it
//   glob      "*-alpine": the whole tag has to match, "*" is any run of characters. Where there is
//             one star, a fixed ending and a fixed beginning without digits are not ordered:
//             "1.10-alpine" is ordered as "1.10", and under "1.*" as a whole
//   whole     a pattern that the whole tag has to match; its group, if it has one that counts, is
//             ordered, else the whole tag
//   anywhere  the same, but a match anywhere in the tag will do, as with Keel's regexp
class TagFilter {
 public:
  enum class Kind { any, glob, whole, anywhere };

  TagFilter() = default;  // any
  // invalid_input: empty, longer than 128 bytes (a tag is no longer), or with a character that no
  // tag has.
  static Result<TagFilter> glob(std::string_view pattern);
  static TagFilter whole(Pattern pattern);
  static TagFilter anywhere(Pattern pattern);

  // The part of the tag that is ordered; nothing if the tag is not looked at. It points into the
  // tag.
  std::optional<std::string_view> part_of(std::string_view tag) const;

  Kind kind() const noexcept;
  std::string str() const;  // the pattern; empty for any

  friend bool operator==(const TagFilter&, const TagFilter&) = default;

 private:
  struct Any {
    friend bool operator==(const Any&, const Any&) = default;
  };
  struct Glob {
    std::string pattern;
    friend bool operator==(const Glob&, const Glob&) = default;
  };
  struct Expression {
    Pattern pattern;
    bool anywhere;
    friend bool operator==(const Expression&, const Expression&) = default;
  };
  std::variant<Any, Glob, Expression> how_;
};

}  // namespace longshore
