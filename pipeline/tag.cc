// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tag.h"

#include <algorithm>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxTagLength = 128;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Error bad(std::string_view text, std::string_view why) {
  return Error{Errc::invalid_input,
               "tag '" + std::string(text.substr(0, 160)) + "': " + std::string(why)};
}

}  // namespace

Result<Tag> Tag::parse(std::string_view text) {
  if (text.empty()) return bad(text, "is empty");
  if (text.size() > kMaxTagLength) return bad(text, "is longer than 128 characters");
  if (!is_word(text.front())) return bad(text, "has to start with a letter, a digit or '_'");
  const bool clean = std::all_of(text.begin(), text.end(),
                                 [](char c) { return is_word(c) || c == '.' || c == '-'; });
  if (!clean) return bad(text, "may hold letters, digits, '_', '.' and '-' only");
  return Tag(std::string(text));
}

bool Tag::is_companion() const noexcept {
  constexpr std::string_view kPrefix = "sha256-";
  constexpr std::size_t kLength = kPrefix.size() + 64;
  const std::string_view text = text_;
  if (text.size() < kLength || !text.starts_with(kPrefix)) return false;
  const std::string_view hex = text.substr(kPrefix.size(), 64);
  return std::all_of(hex.begin(), hex.end(), is_lower_hex) &&
         (text.size() == kLength || text[kLength] == '.');
}

}  // namespace longshore
