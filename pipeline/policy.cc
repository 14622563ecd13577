// SPDX-License-Identifier: Apache-2.0
#include "pipeline/policy.h"

#include <algorithm>
#include <array>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::string_view kSemverPrefix = "semver:";

// What may follow the name of a kind.
enum class Argument { none, optional, needed };

struct Kind {
  std::string_view name;
  Argument argument;
};

// Kinds that users of this field write and that this build does not have.
constexpr std::array<Kind, 10> kAbsentKinds{{{"major", Argument::none},
                                             {"minor", Argument::none},
                                             {"patch", Argument::none},
                                             {"all", Argument::none},
                                             {"calver", Argument::needed},
                                             {"numeric", Argument::optional},
                                             {"alphabetical", Argument::optional},
                                             {"newest", Argument::optional},
                                             {"glob", Argument::needed},
                                             {"regexp", Argument::needed}}};

bool is_absent_kind(std::string_view text) {
  const std::size_t colon = text.find(':');
  return std::any_of(kAbsentKinds.begin(), kAbsentKinds.end(), [&](const Kind& kind) {
    if (text.substr(0, colon) != kind.name) return false;
    if (colon == std::string_view::npos) return kind.argument != Argument::needed;
    return kind.argument != Argument::none;
  });
}

Result<Policy> parse_semver(std::string_view text) {
  auto range = VersionRange::parse(text.substr(kSemverPrefix.size()));
  if (!range)
    return Error{range.error().code, "policy " + in_quotes(text) + ": " + range.error().message};
  return Policy(SemverPolicy{*std::move(range)});
}

struct PolicyText {
  std::string operator()(const SemverPolicy& policy) const {
    if (!policy.range) return "semver";
    return std::string(kSemverPrefix) + policy.range->str();
  }
  std::string operator()(const DigestPolicy&) const { return "digest"; }
  std::string operator()(const NeverPolicy&) const { return "never"; }
};

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
  text = trim(text);
  if (text == "semver") return Policy(SemverPolicy{});
  if (text == "digest") return Policy(DigestPolicy{});
  if (text == "never") return Policy(NeverPolicy{});
  if (text.starts_with(kSemverPrefix)) return parse_semver(text);
  if (is_absent_kind(text)) {
    return Error{Errc::unsupported,
                 "policy " + in_quotes(text) +
                     " is not available in this build; it knows semver, semver:<range>, digest "
                     "and never"};
  }
  return Error{Errc::invalid_input, "policy " + in_quotes(text) +
                                        " is none: write semver, semver:<range>, digest or never"};
}

std::string to_string(const Policy& policy) {
  return std::visit(PolicyText{}, policy);
}

}  // namespace longshore
