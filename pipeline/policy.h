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
// Other kinds of the field's vocabulary (glob, numeric, …) are not in this build: parse() says so.
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
// ("longshore.dev/policy"); others are left out.
using Annotations = std::map<std::string, std::string, std::less<>>;

inline constexpr std::string_view kAnnotationPrefix = "longshore.dev/";

// The settings for one container: its own annotation (longshore.dev/policy.<container>), the
// workload's (longshore.dev/policy), else the first matching rule. The further keys (pin,
// prerelease) follow the same order, each on its own (longshore.dev/pin.<container>, …). No policy
// anywhere: an empty optional. Returns invalid_input or unsupported, naming the annotation, for a
// policy that does not parse, a key under longshore.dev/ that this build does not know, and a gate
// that it does not implement: the container is then left alone.
Result<std::optional<PolicySettings>> settings_for(const Annotations& annotations,
                                                   std::string_view container,
                                                   const Repository& repository,
                                                   const std::vector<PolicyRule>& rules);

}  // namespace longshore
