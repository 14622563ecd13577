// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace longshore {

// A tag: [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} (OCI distribution specification, "Pulling manifests").
// One that exists is valid. Copyable, ordered by bytes, thread-safe.
class Tag {
 public:
  // Returns invalid_input, naming what is wrong, unless text is exactly one tag.
  static Result<Tag> parse(std::string_view text);

  const std::string& str() const noexcept { return text_; }

  // True for tags that hold signatures, attestations or referrers of another image and are never
  // images themselves: sha256-<64 hex digits>, alone or with a suffix such as ".sig".
  bool is_companion() const noexcept;

  friend bool operator==(const Tag&, const Tag&) = default;
  friend auto operator<=>(const Tag&, const Tag&) = default;

 private:
  explicit Tag(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace longshore
