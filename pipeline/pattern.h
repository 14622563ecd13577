// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace re2 {
class RE2;
}

namespace longshore {

// A regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax): matching takes
// a time that is linear in the text, whatever the expression is. Copies share what was compiled.
//
// Threads: safe from every thread.
class Pattern {
 public:
  // Which group of the pattern picks the part that counts: the one named "compare", as in Keel, or
  // else the only one that there is.
  enum class Groups { named, named_or_only };

  // Returns invalid_input, quoting the text and saying what is wrong, for what does not compile, is
  // longer than 512 bytes, needs more than 1 MiB, or has several groups where only one may be.
  static Result<Pattern> compile(std::string_view text, Groups groups);

  // What the pattern picks out of the text, which is to be matched as a whole: the group that
  // counts, or all of the text where none does. Nothing if it does not match, or the group took no
  // part in the match.
  std::optional<std::string_view> match(std::string_view text) const;
  // The same for a match anywhere in the text.
  std::optional<std::string_view> search(std::string_view text) const;

  bool has_named_group() const noexcept { return named_; }  // "compare"
  const std::string& str() const noexcept { return text_; }

  friend bool operator==(const Pattern& a, const Pattern& b) { return a.text_ == b.text_; }

 private:
  Pattern() = default;
  std::optional<std::string_view> find(std::string_view text, bool whole) const;

  std::string text_;
  std::shared_ptr<const re2::RE2> compiled_;
  int group_ = 0;  // 0: none
  bool named_ = false;
};

}  // namespace longshore
