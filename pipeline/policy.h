// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pipeline/calver.h"
#include "pipeline/image_ref.h"
#include "pipeline/result.h"
#include "pipeline/tag_filter.h"
#include "pipeline/version.h"

namespace longshore {

// Which tags may replace the current one.
//
//   policy = "semver" [ ":" range ] | "major" | "minor" | "patch" | "all"
//          | "calver:" layout
//          | ( "numeric" | "alphabetical" | "newest" ) [ ":" regex ]
//          | "glob:" pattern [ " " order ] | "regexp:" regex [ " " order ]
//          | "digest" | "never"
//   order  = "semver" | "numeric" | "alphabetical" | "newest"
//
// What decide() does with each stands in decision.h.

// What stands after "semver:" is a range (version.h); without one every version is in range.
struct SemverPolicy {
  std::optional<VersionRange> range;
  friend bool operator==(const SemverPolicy&, const SemverPolicy&) = default;
};
// Keel's semantic versions: how far a new one may be from the current one.
struct KeelPolicy {
  enum class Reach { all, major, minor, patch };
  Reach reach = Reach::all;
  friend bool operator==(const KeelPolicy&, const KeelPolicy&) = default;
};
struct CalverPolicy {
  CalverLayout layout;
  friend bool operator==(const CalverPolicy&, const CalverPolicy&) = default;
};
// By what tags are compared. automatic: a version with versions, all else by age.
enum class TagOrder { automatic, semver, numeric, alphabetical, newest };
// numeric, alphabetical, newest, glob and regexp: a filter, and an order of what it leaves.
struct OrderedPolicy {
  TagFilter filter;
  TagOrder order = TagOrder::automatic;
  friend bool operator==(const OrderedPolicy&, const OrderedPolicy&) = default;
};
// Keel's force without matchTag; there is no other way to write it.
struct ForcePolicy {
  friend bool operator==(const ForcePolicy&, const ForcePolicy&) = default;
};
struct DigestPolicy {
  friend bool operator==(const DigestPolicy&, const DigestPolicy&) = default;
};
struct NeverPolicy {
  friend bool operator==(const NeverPolicy&, const NeverPolicy&) = default;
};
using Policy = std::variant<SemverPolicy, KeelPolicy, CalverPolicy, OrderedPolicy, ForcePolicy,
                            DigestPolicy, NeverPolicy>;

// Spaces around the text are ignored. Returns invalid_input; the message quotes the text and says
// what is wrong with it or what can be written.
Result<Policy> parse_policy(std::string_view text);
std::string to_string(const Policy& policy);  // parse_policy() reads it back; "force" excepted
std::string_view name_of(TagOrder order) noexcept;
std::string_view name_of(KeelPolicy::Reach reach) noexcept;

// How an update is written.
enum class Pin {
  automatic,  // by digest where the tag stays or the current reference has a digest, else by tag
  tag,        // "app:1.3"
  digest,     // "app:1.3@sha256:…"
};

// What somebody asked for one container: the policy and its further keys.
struct PolicySettings {
  Policy policy;
  Pin pin = Pin::automatic;
  // semver: also prereleases, where the range names none. Keel's: also a version whose prerelease
  // differs from the current one's (matchPreRelease: false).
  bool prerelease = false;
  // A tag is no candidate before we have known it with its digest for this long: a new one waits,
  // the one before it may run meanwhile. At most ten years.
  std::chrono::seconds min_age{0};
  // A rollout that fails is undone; else it is only reported and held.
  bool rollback = true;

  friend bool operator==(const PolicySettings&, const PolicySettings&) = default;
};

// An entry of `policies:` in the config. The first whose pattern matches a container's repository
// (normalised: "docker.io/library/nginx") counts.
struct PolicyRule {
  std::string image;  // glob_match() pattern
  PolicySettings settings;
  // How often the registry is asked for these images' tags, whoever sends notifications; zero:
  // never. Nothing: as the registry's entry or `sweep` at the top says.
  std::optional<std::chrono::seconds> sweep = std::nullopt;

  friend bool operator==(const PolicyRule&, const PolicyRule&) = default;
};

// The annotations or labels of a workload that speak to us, with their full keys
// ("longshore.dev/policy"): those under kAnnotationPrefix, which are all read, and those under
// kKeelPrefix and kKeelOldPrefix. Others are left out.
using Annotations = std::map<std::string, std::string, std::less<>>;

inline constexpr std::string_view kAnnotationPrefix = "longshore.dev/";
inline constexpr std::string_view kKeelPrefix = "keel.sh/";
inline constexpr std::string_view kKeelOldPrefix = "keel.observer/";

// The settings for one container: its own annotation (longshore.dev/policy.<container>), the
// workload's (longshore.dev/policy), Keel's keys (keel_settings.h), else the first matching rule.
// The further keys are looked up each on its own: pin (tag, digest), prerelease (true, false),
// min-age (min_age.h) and rollback (true, false). No policy anywhere: an empty optional.
//
// Gates (approvals, window, scan-gate) are not in this build and never pass: one that is set for
// the container makes it unsupported, "needs approvals, which are not available". approvals of 0 or
// off is no gate; keel.sh/approvals counts where ours is absent. The keys prune, notify and group
// are known and have no effect yet.
//
// Returns invalid_input or unsupported, naming the annotation, for these, for a value that does not
// parse, and for a key under longshore.dev/ that is not known: the container is then left alone.
Result<std::optional<PolicySettings>> settings_for(const Annotations& annotations,
                                                   std::string_view container,
                                                   const Repository& repository,
                                                   const std::vector<PolicyRule>& rules);

}  // namespace longshore
