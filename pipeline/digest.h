// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace longshore {

// A content address: "sha256:" and 64, or "sha512:" and 128, lower-case hex digits
// (OCI image specification, descriptor.md, "Registered algorithms").
//
// A Digest that exists is valid: parse() is the only way to make one, so code that takes a
// Digest never checks it again. Copyable, ordered, thread-safe.
class Digest {
 public:
  // Returns invalid_input, naming what is wrong, unless text is exactly one digest with nothing
  // before or after it.
  static Result<Digest> parse(std::string_view text);

  const std::string& str() const noexcept { return text_; }
  // The first characters, enough for a person to tell two apart: "sha256:0123456789ab".
  std::string_view brief() const noexcept { return std::string_view(text_).substr(0, 19); }

  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  explicit Digest(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace longshore
