// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pipeline/image_ref.h"
#include "pipeline/result.h"
#include "pipeline/version.h"

namespace longshore {

// Which tags may replace the current one.
//
//   policy = "semver" [ ":" range ] | "digest" | "never"
//
// What stands after "semver:" is a range (version.h); without one every version is in range.
struct SemverPolicy {
  std::optional<VersionRange> range;
  friend bool operator==(const SemverPolicy&, const SemverPolicy&) = default;
};
struct DigestPolicy {
  friend bool operator==(const DigestPolicy&, const DigestPolicy&) = default;
};
struct NeverPolicy {
  friend bool operator==(const NeverPolicy&, const NeverPolicy&) = default;
};
using Policy = std::variant<SemverPolicy, DigestPolicy, NeverPolicy>;

// Spaces around the text are ignored. Returns unsupported for a kind that is not in this build
// (major, minor, patch, all, calver:, numeric, alphabetical, newest, glob:, regexp:), invalid_input
// for anything else; the message quotes the text and says what can be written.
Result<Policy> parse_policy(std::string_view text);
std::string to_string(const Policy& policy);  // parse_policy() reads it back

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
  bool prerelease = false;  // also prereleases, where the range names none

  friend bool operator==(const PolicySettings&, const PolicySettings&) = default;
};

// An entry of `policies:` in the config. The first whose pattern matches a container's repository
// (normalised: "docker.io/library/nginx") counts.
struct PolicyRule {
  std::string image;  // glob_match() pattern
  PolicySettings settings;

  friend bool operator==(const PolicyRule&, const PolicyRule&) = default;
};

// The annotations or labels of a workload that speak to us, with their full keys
// ("longshore.dev/policy"): those under kAnnotationPrefix, which are all read, and those under
// kKeelPrefix. Others are left out.
using Annotations = std::map<std::string, std::string, std::less<>>;

inline constexpr std::string_view kAnnotationPrefix = "longshore.dev/";
inline constexpr std::string_view kKeelPrefix = "keel.sh/";

// The settings for one container: its own annotation (longshore.dev/policy.<container>), the
// workload's (longshore.dev/policy), else the first matching rule. The further keys follow the same
// order, each on its own: pin (tag, digest) and prerelease (true, false). No policy anywhere: an
// empty optional.
//
// Gates (approvals, window, min-age, scan-gate) are not in this build and never pass: one that is
// set for the container makes it unsupported, "needs approvals, which are not available". approvals
// of 0 or off is no gate; keel.sh/approvals counts where ours is absent. The keys rollback, prune,
// notify and group are known and have no effect yet.
//
// Where neither an annotation of ours nor a rule gives a policy, a keel.sh/policy that would update
// the workload is unsupported, and the message says what to write instead.
//
// Returns invalid_input or unsupported, naming the annotation, for these, for a value that does not
// parse, and for a key under longshore.dev/ that is not known: the container is then left alone.
Result<std::optional<PolicySettings>> settings_for(const Annotations& annotations,
                                                   std::string_view container,
                                                   const Repository& repository,
                                                   const std::vector<PolicyRule>& rules);

}  // namespace longshore
