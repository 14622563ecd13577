// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pattern.h"

#include <array>
#include <map>

#include <re2/re2.h>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMostBytes = 512;
constexpr std::int64_t kMostMemory = 1 << 20;
constexpr int kMostGroups = 16;
constexpr const char* kNamedGroup = "compare";

Error refuse(std::string_view text, std::string_view why) {
  return {Errc::invalid_input, "pattern " + in_quotes(text) + ": " + std::string(why)};
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view text, Groups groups) {
  if (text.empty()) return refuse(text, "it is empty");
  if (text.size() > kMostBytes) return refuse(text, "it is longer than 512 bytes");
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  Pattern made;
  auto compiled = std::make_shared<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!compiled->ok()) return refuse(text, compiled->error());
  const auto& names = compiled->NamedCapturingGroups();
  const auto named = names.find(kNamedGroup);
  made.named_ = named != names.end();
  if (made.named_) {
    made.group_ = named->second;
  } else if (groups == Groups::named_or_only) {
    made.group_ = compiled->NumberOfCapturingGroups();
    if (made.group_ > 1) {
      return refuse(text, "it has several groups: write (?:…) for those that only hold together");
    }
  }
  if (made.group_ > kMostGroups) return refuse(text, "it has more than 16 groups");
  made.text_ = std::string(text);
  made.compiled_ = std::move(compiled);
  return made;
}

std::optional<std::string_view> Pattern::match(std::string_view text) const {
  return find(text, true);
}

std::optional<std::string_view> Pattern::search(std::string_view text) const {
  return find(text, false);
}

std::optional<std::string_view> Pattern::find(std::string_view text, bool whole) const {
  std::array<re2::StringPiece, kMostGroups + 1> groups;
  const re2::StringPiece piece(text.data(), text.size());
  const auto anchor = whole ? re2::RE2::ANCHOR_BOTH : re2::RE2::UNANCHORED;
  if (!compiled_->Match(piece, 0, piece.size(), anchor, groups.data(), group_ + 1)) {
    return std::nullopt;
  }
  if (group_ == 0) return text;
  const re2::StringPiece& taken = groups[static_cast<std::size_t>(group_)];
  if (taken.data() == nullptr) return std::nullopt;
  return std::string_view(taken.data(), taken.size());
}

}  // namespace longshore
