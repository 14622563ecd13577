// SPDX-License-Identifier: Apache-2.0
#include "pipeline/keel_settings.h"

#include <algorithm>
#include <array>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::array<std::string_view, 2> kPolicyKeys{"keel.sh/policy", "keel.observer/policy"};
constexpr std::array<std::string_view, 2> kMatchTagKeys{"keel.sh/matchTag", "keel.sh/match-tag"};
constexpr std::string_view kMatchPreReleaseKey = "keel.sh/matchPreRelease";
constexpr std::string_view kMonitorKey = "keel.sh/monitorContainers";
constexpr std::string_view kInitKey = "keel.sh/initContainers";

template <typename Keys>
const Annotations::value_type* find_any(const Annotations& annotations, const Keys& keys) {
  for (const std::string_view key : keys) {
    if (const auto found = annotations.find(key); found != annotations.end()) return &*found;
  }
  return nullptr;
}

// Keel reads some keys in any case.
const std::string* find_without_case(const Annotations& annotations, std::string_view key) {
  const auto found = std::find_if(annotations.begin(), annotations.end(), [&](const auto& entry) {
    return equal_without_case(entry.first, key);
  });
  return found == annotations.end() ? nullptr : &found->second;
}

// An expression that does not compile monitors every container.
bool is_monitored(const Annotations& annotations, std::string_view container) {
  const std::string* text = find_without_case(annotations, kMonitorKey);
  if (text == nullptr) return true;
  const auto pattern = Pattern::compile(*text, Pattern::Groups::named);
  return !pattern || pattern->search(container).has_value();
}

bool is_true(const Annotations& annotations, const auto& keys) {
  const auto* const entry = find_any(annotations, keys);
  return entry != nullptr && entry->second == "true";
}

// What Keel calls the policy. REQUIRES: it is neither empty nor never.
Result<Policy> read_policy(std::string_view text, bool match_tag) {
  if (text == "force") return match_tag ? Policy(DigestPolicy{}) : Policy(ForcePolicy{});
  constexpr std::array<std::string_view, 4> kSemver{"all", "major", "minor", "patch"};
  if (std::find(kSemver.begin(), kSemver.end(), text) != kSemver.end() ||
      text.starts_with("glob:") || text.starts_with("regexp:")) {
    return parse_policy(text);
  }
  return Error{Errc::invalid_input,
               in_quotes(text) +
                   " is no policy of Keel's: those are all, major, minor, patch, force, "
                   "glob:<pattern>, regexp:<regex> and never"};
}

}  // namespace

Result<std::optional<PolicySettings>> keel_settings(const Annotations& annotations,
                                                    std::string_view container) {
  const auto* const entry = find_any(annotations, kPolicyKeys);
  if (entry == nullptr || entry->second.empty() || !is_monitored(annotations, container)) {
    return std::optional<PolicySettings>();
  }
  if (entry->second == "never") return std::optional(PolicySettings{NeverPolicy{}});
  auto policy = read_policy(entry->second, is_true(annotations, kMatchTagKeys));
  if (!policy) {
    return Error{policy.error().code, "annotation " + entry->first + ": " + policy.error().message};
  }
  PolicySettings settings{*std::move(policy)};
  const auto match = annotations.find(kMatchPreReleaseKey);
  settings.prerelease = match != annotations.end() && match->second != "true";
  return std::optional(std::move(settings));
}

bool keel_wants_init_containers(const Annotations& annotations) {
  const std::string* value = find_without_case(annotations, kInitKey);
  return value != nullptr && *value == "true";
}

Annotations merge_metadata(Annotations annotations, Annotations labels) {
  const bool in_annotations = find_any(annotations, kPolicyKeys) != nullptr;
  const bool in_labels = find_any(labels, kPolicyKeys) != nullptr;
  if (in_annotations || in_labels) {
    Annotations& unread = in_annotations ? labels : annotations;
    for (const std::string_view key : kMatchTagKeys)
      if (const auto at = unread.find(key); at != unread.end()) unread.erase(at);
    if (const auto at = unread.find(kMatchPreReleaseKey); at != unread.end()) unread.erase(at);
  }
  annotations.merge(labels);
  return annotations;
}

}  // namespace longshore
