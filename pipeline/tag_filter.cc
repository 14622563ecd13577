// SPDX-License-Identifier: Apache-2.0
#include "pipeline/tag_filter.h"

#include <algorithm>

#include "pipeline/glob.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMostBytes = 128;

// The characters of a tag (distribution, reference grammar), and the two that a glob adds.
bool may_stand_in_glob(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c) ||
         std::string_view("_.-*?").find(c) != std::string_view::npos;
}

// Without what the pattern fixes around its only star. A beginning with a digit stays: in "1.*" it
// is a part of the version.
std::string_view part_by_glob(std::string_view pattern, std::string_view tag) {
  if (std::count(pattern.begin(), pattern.end(), '*') != 1) return tag;
  const std::size_t star = pattern.find('*');
  tag.remove_suffix(pattern.size() - star - 1);
  const std::string_view beginning = pattern.substr(0, star);
  if (std::none_of(beginning.begin(), beginning.end(), is_digit)) tag.remove_prefix(star);
  return tag;
}

}  // namespace

Result<TagFilter> TagFilter::glob(std::string_view pattern) {
  const auto refuse = [&](std::string_view why) {
    return Error{Errc::invalid_input, "glob " + in_quotes(pattern) + ": " + std::string(why)};
  };
  if (pattern.empty()) return refuse("it is empty");
  if (pattern.size() > kMostBytes) return refuse("it is longer than any tag (128)");
  const auto wrong = std::find_if_not(pattern.begin(), pattern.end(), may_stand_in_glob);
  if (wrong != pattern.end()) {
    return refuse("no tag has a " + in_quotes({&*wrong, 1}) +
                  " in it; only '*' and '?' have a meaning of their own");
  }
  TagFilter made;
  made.how_ = Glob{std::string(pattern)};
  return made;
}

TagFilter TagFilter::whole(Pattern pattern) {
  TagFilter made;
  made.how_ = Expression{std::move(pattern), false};
  return made;
}

TagFilter TagFilter::anywhere(Pattern pattern) {
  TagFilter made;
  made.how_ = Expression{std::move(pattern), true};
  return made;
}

std::optional<std::string_view> TagFilter::part_of(std::string_view tag) const {
  if (const auto* glob = std::get_if<Glob>(&how_)) {
    if (!glob_match(glob->pattern, tag)) return std::nullopt;
    return part_by_glob(glob->pattern, tag);
  }
  if (const auto* expression = std::get_if<Expression>(&how_)) {
    return expression->anywhere ? expression->pattern.search(tag) : expression->pattern.match(tag);
  }
  return tag;
}

TagFilter::Kind TagFilter::kind() const noexcept {
  if (std::holds_alternative<Glob>(how_)) return Kind::glob;
  const auto* expression = std::get_if<Expression>(&how_);
  if (expression == nullptr) return Kind::any;
  return expression->anywhere ? Kind::anywhere : Kind::whole;
}

std::string TagFilter::str() const {
  if (const auto* glob = std::get_if<Glob>(&how_)) return glob->pattern;
  if (const auto* expression = std::get_if<Expression>(&how_)) return expression->pattern.str();
  return {};
}

}  // namespace longshore
