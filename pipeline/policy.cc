// SPDX-License-Identifier: Apache-2.0
#include "pipeline/policy.h"

#include <algorithm>
#include <array>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::string_view kWhatCanBeWritten =
    "write semver, semver:<range>, major, minor, patch, all, calver:<layout>, numeric, "
    "alphabetical, newest (each also with :<regex>), glob:<pattern>, regexp:<regex>, digest or "
    "never";

// Indexed by TagOrder.
constexpr std::array<std::string_view, 5> kOrders{"", "semver", "numeric", "alphabetical",
                                                  "newest"};

// Indexed by KeelPolicy::Reach.
constexpr std::array<std::string_view, 4> kReaches{"all", "major", "minor", "patch"};

std::optional<TagOrder> order_named(std::string_view word) {
  const auto* const found = std::find(kOrders.begin() + 1, kOrders.end(), word);
  if (found == kOrders.end()) return std::nullopt;
  return static_cast<TagOrder>(found - kOrders.begin());
}

Error within(std::string_view text, const Error& error) {
  return {error.code, "policy " + in_quotes(text) + ": " + error.message};
}

// What stands after "glob:" or "regexp:": the pattern, and the order if one is named.
struct Filtered {
  std::string_view pattern;
  std::optional<TagOrder> order;
};

Result<Filtered> split_order(std::string_view text) {
  const std::size_t space = text.find_last_of(" \t");
  if (space == std::string_view::npos) return Filtered{text, std::nullopt};
  const auto order = order_named(text.substr(space + 1));
  const std::string_view pattern = trim(text.substr(0, space));
  if (order && pattern.find_first_of(" \t") == std::string_view::npos) {
    return Filtered{pattern, order};
  }
  return Error{Errc::invalid_input,
               "no tag has a space in it; after the pattern may stand one of semver, numeric, "
               "alphabetical and newest"};
}

Result<Policy> parse_semver(std::string_view range) {
  auto parsed = VersionRange::parse(range);
  if (!parsed) return std::move(parsed).error();
  return Policy(SemverPolicy{*std::move(parsed)});
}

Result<Policy> parse_calver(std::string_view layout) {
  auto parsed = CalverLayout::parse(layout);
  if (!parsed) return std::move(parsed).error();
  return Policy(CalverPolicy{*std::move(parsed)});
}

Result<Policy> parse_glob(std::string_view text) {
  const auto parts = split_order(text);
  if (!parts) return parts.error();
  auto filter = TagFilter::glob(parts->pattern);
  if (!filter) return std::move(filter).error();
  return Policy(OrderedPolicy{*std::move(filter), parts->order.value_or(TagOrder::automatic)});
}

Result<Policy> parse_regexp(std::string_view text) {
  const auto parts = split_order(text);
  if (!parts) return parts.error();
  auto pattern = Pattern::compile(parts->pattern, Pattern::Groups::named);
  if (!pattern) return std::move(pattern).error();
  const TagOrder unasked =
      pattern->has_named_group() ? TagOrder::alphabetical : TagOrder::automatic;  // as Keel
  return Policy(
      OrderedPolicy{TagFilter::anywhere(*std::move(pattern)), parts->order.value_or(unasked)});
}

Result<Policy> parse_ordered(TagOrder order, std::string_view regex) {
  auto pattern = Pattern::compile(regex, Pattern::Groups::named_or_only);
  if (!pattern) return std::move(pattern).error();
  return Policy(OrderedPolicy{TagFilter::whole(*std::move(pattern)), order});
}

std::optional<Policy> parse_word(std::string_view text) {
  if (text == "semver") return SemverPolicy{};
  if (text == "digest") return DigestPolicy{};
  if (text == "never") return NeverPolicy{};
  const auto* const reach = std::find(kReaches.begin(), kReaches.end(), text);
  if (reach != kReaches.end()) {
    return KeelPolicy{static_cast<KeelPolicy::Reach>(reach - kReaches.begin())};
  }
  if (const auto order = order_named(text)) return OrderedPolicy{TagFilter(), *order};
  return std::nullopt;
}

// Nothing: there is no such kind, or none that takes an argument.
std::optional<Result<Policy>> parse_with_argument(std::string_view kind,
                                                  std::string_view argument) {
  if (kind == "semver") return parse_semver(argument);
  if (kind == "calver") return parse_calver(argument);
  if (kind == "glob") return parse_glob(argument);
  if (kind == "regexp") return parse_regexp(argument);
  if (const auto order = order_named(kind)) return parse_ordered(*order, argument);
  return std::nullopt;
}

struct PolicyText {
  std::string operator()(const SemverPolicy& policy) const {
    return policy.range ? "semver:" + policy.range->str() : "semver";
  }
  std::string operator()(const KeelPolicy& policy) const {
    return std::string(name_of(policy.reach));
  }
  std::string operator()(const CalverPolicy& policy) const {
    return "calver:" + policy.layout.str();
  }
  std::string operator()(const OrderedPolicy& policy) const {
    const std::string order(name_of(policy.order));
    switch (policy.filter.kind()) {
      case TagFilter::Kind::any:
        return order;
      case TagFilter::Kind::whole:
        return order + ":" + policy.filter.str();
      case TagFilter::Kind::glob:
      case TagFilter::Kind::anywhere:
        break;
    }
    const bool is_glob = policy.filter.kind() == TagFilter::Kind::glob;
    return (is_glob ? "glob:" : "regexp:") + policy.filter.str() + (order.empty() ? "" : " ") +
           order;
  }
  std::string operator()(const ForcePolicy&) const { return "force"; }
  std::string operator()(const DigestPolicy&) const { return "digest"; }
  std::string operator()(const NeverPolicy&) const { return "never"; }
};

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
  text = trim(text);
  if (auto word = parse_word(text)) return *std::move(word);
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    auto parsed = parse_with_argument(text.substr(0, colon), trim(text.substr(colon + 1)));
    if (parsed && !*parsed) return within(text, parsed->error());
    if (parsed) return *std::move(parsed);
  }
  return Error{Errc::invalid_input,
               "policy " + in_quotes(text) + " is none: " + std::string(kWhatCanBeWritten)};
}

std::string to_string(const Policy& policy) {
  return std::visit(PolicyText{}, policy);
}

std::string_view name_of(TagOrder order) noexcept {
  return kOrders.at(static_cast<std::size_t>(order));
}

std::string_view name_of(KeelPolicy::Reach reach) noexcept {
  return kReaches.at(static_cast<std::size_t>(reach));
}

}  // namespace longshore
