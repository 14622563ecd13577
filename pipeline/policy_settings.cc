// SPDX-License-Identifier: Apache-2.0
//
// From what is written on a workload and in the config to the settings of one container.
//
// A key of ours is "longshore.dev/" name [ "." container ]. No name holds a dot, so the first dot
// ends it, whatever a container is called.
#include <algorithm>
#include <array>

#include "pipeline/glob.h"
#include "pipeline/keel_settings.h"
#include "pipeline/min_age.h"

namespace longshore {
namespace {

// A gate and its verb: "needs approvals, which are not available".
struct Gate {
  std::string_view name;
  std::string_view verb;
};

constexpr std::array<Gate, 3> kGates{{{"approvals", "are"}, {"window", "is"}, {"scan-gate", "is"}}};
constexpr std::array<std::string_view, 8> kOtherKeys{"policy",   "pin",   "prerelease", "min-age",
                                                     "rollback", "prune", "notify",     "group"};
constexpr std::string_view kKnownKeys =
    "policy, pin, prerelease, min-age, approvals, window, scan-gate, rollback, prune, notify and "
    "group, each also with .<container>";

using Entry = Annotations::value_type;

const Entry* find(const Annotations& annotations, std::string_view key) {
  const auto found = annotations.find(key);
  return found == annotations.end() ? nullptr : &*found;
}

// The container's own key, else the workload's; null if there is neither.
const Entry* find_setting(const Annotations& annotations, std::string_view name,
                          std::string_view container) {
  std::string key(kAnnotationPrefix);
  key.append(name).append(".").append(container);
  if (const Entry* own = find(annotations, key)) return own;
  key.resize(kAnnotationPrefix.size() + name.size());
  return find(annotations, key);
}

Error refuse(const Entry& entry, Errc code, std::string_view why) {
  return Error{code, "annotation " + entry.first + ": " + std::string(why)};
}

bool is_known_key(std::string_view name) {
  return std::find(kOtherKeys.begin(), kOtherKeys.end(), name) != kOtherKeys.end() ||
         std::any_of(kGates.begin(), kGates.end(),
                     [&](const Gate& gate) { return gate.name == name; });
}

// A misspelt key must not be taken for one that was never written.
Status check_keys(const Annotations& annotations) {
  for (auto at = annotations.lower_bound(kAnnotationPrefix); at != annotations.end(); ++at) {
    const std::string_view key = at->first;
    if (!key.starts_with(kAnnotationPrefix)) break;
    const std::string_view name = key.substr(kAnnotationPrefix.size());
    const std::size_t dot = name.find('.');
    if (is_known_key(name.substr(0, dot)) && dot != name.size() - 1) continue;
    return refuse(
        *at, Errc::invalid_input,
        "this key is not known; under longshore.dev/ there are " + std::string(kKnownKeys));
  }
  return Done{};
}

std::string missing(const Gate& gate) {
  return "needs " + std::string(gate.name) + ", which " + std::string(gate.verb) + " not available";
}

bool asks_for_approvals(std::string_view value) {
  return value != "0" && value != "off";
}

Status check_gates(const Annotations& annotations, std::string_view container) {
  for (const Gate& gate : kGates) {
    const Entry* entry = find_setting(annotations, gate.name, container);
    const bool is_approvals = gate.name == "approvals";
    if (entry == nullptr && is_approvals) entry = find(annotations, "keel.sh/approvals");
    if (entry == nullptr || (is_approvals && !asks_for_approvals(entry->second))) continue;
    return refuse(*entry, Errc::unsupported, missing(gate));
  }
  return Done{};
}

Result<Pin> read_pin(const Entry& entry) {
  if (entry.second == "tag") return Pin::tag;
  if (entry.second == "digest") return Pin::digest;
  return refuse(entry, Errc::invalid_input,
                "'" + entry.second.substr(0, 160) + "' is neither tag nor digest");
}

Result<bool> read_truth(const Entry& entry) {
  if (entry.second == "true" || entry.second == "false") return entry.second == "true";
  return refuse(entry, Errc::invalid_input,
                "'" + entry.second.substr(0, 160) + "' is neither true nor false");
}

Result<PolicySettings> with_further_keys(PolicySettings settings, const Annotations& annotations,
                                         std::string_view container) {
  if (const Entry* pin = find_setting(annotations, "pin", container)) {
    auto read = read_pin(*pin);
    if (!read) return std::move(read).error();
    settings.pin = *read;
  }
  if (const Entry* prerelease = find_setting(annotations, "prerelease", container)) {
    auto read = read_truth(*prerelease);
    if (!read) return std::move(read).error();
    settings.prerelease = *read;
  }
  if (const Entry* rollback = find_setting(annotations, "rollback", container)) {
    auto read = read_truth(*rollback);
    if (!read) return std::move(read).error();
    settings.rollback = *read;
  }
  if (const Entry* min_age = find_setting(annotations, "min-age", container)) {
    const auto read = parse_min_age(min_age->second);
    if (!read) return refuse(*min_age, read.error().code, read.error().message);
    settings.min_age = *read;
  }
  return settings;
}

const PolicySettings* first_match(const std::vector<PolicyRule>& rules,
                                  const Repository& repository) {
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const PolicyRule& candidate) {
    return glob_match(candidate.image, repository.str());
  });
  return rule == rules.end() ? nullptr : &rule->settings;
}

}  // namespace

Result<std::optional<PolicySettings>> settings_for(const Annotations& annotations,
                                                   std::string_view container,
                                                   const Repository& repository,
                                                   const std::vector<PolicyRule>& rules) {
  if (auto known = check_keys(annotations); !known) return std::move(known).error();
  const PolicySettings* rule = first_match(rules, repository);
  const Entry* policy = find_setting(annotations, "policy", container);
  PolicySettings settings = rule != nullptr ? *rule : PolicySettings{};
  if (policy != nullptr) {
    auto parsed = parse_policy(policy->second);
    if (!parsed) return refuse(*policy, parsed.error().code, parsed.error().message);
    settings.policy = *std::move(parsed);
  } else {
    auto keel = keel_settings(annotations, container);
    if (!keel) return std::move(keel).error();
    if (!*keel && rule == nullptr) return std::optional<PolicySettings>();
    if (*keel) {
      settings.policy = std::move((*keel)->policy);
      settings.prerelease = (*keel)->prerelease;
    }
  }
  // What is left alone anyway passes no gate.
  if (std::holds_alternative<NeverPolicy>(settings.policy)) return std::optional(settings);
  if (auto gates = check_gates(annotations, container); !gates) return std::move(gates).error();
  auto whole = with_further_keys(std::move(settings), annotations, container);
  if (!whole) return std::move(whole).error();
  return std::optional(*std::move(whole));
}

}  // namespace longshore
