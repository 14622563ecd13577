// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace longshore {

// The words that the configuration knows in one place: the keys of a map, or the values that a key
// may have. The JSON Schema for editors and docs/configuration.md are kept true to these lists by a
// test.
struct Words {
  std::string_view what;  // "a source"
  std::span<const std::string_view> known;
  // Words of features that this build does not have, so that the message can say so.
  std::span<const std::string_view> later = {};
  // Keys that another map of the same list has, and which one: "a target of type 'files'".
  std::span<const std::string_view> others = {};
  std::string_view others_of = {};
};

namespace words {

inline constexpr std::string_view kRoot[] = {
    "listen",  "trusted_proxies", "store",         "audit", "mode",    "drain_delay", "limits",
    "sources", "registries",      "docker_config", "sweep", "targets", "policies"};
inline constexpr std::string_view kRootLater[] = {
    "tls", "compat", "prune", "git", "approvals", "window", "scan-gate", "notify", "tokens"};
inline constexpr std::string_view kStore[] = {"path", "keep", "keep_events"};
inline constexpr std::string_view kAudit[] = {"file", "rotate", "keep"};
inline constexpr std::string_view kLimits[] = {"body", "in_flight", "backlog", "workers"};
inline constexpr std::string_view kSource[] = {"name", "type",   "token",  "secret",   "images",
                                               "host", "prefix", "verify", "insecure", "from"};
inline constexpr std::string_view kSourceLater[] = {"client_ca", "issuer", "audience", "topic"};
inline constexpr std::string_view kRegistry[] = {
    "host", "aliases",  "insecure",   "username",       "password", "ca",
    "cert", "key",      "auth_hosts", "redirect_hosts", "mirrors",  "concurrency",
    "rate", "deadline", "verify",     "sweep"};
inline constexpr std::string_view kRegistryLater[] = {"token"};
inline constexpr std::string_view kFilesTarget[] = {"name",    "type", "path",  "include",
                                                    "exclude", "mode", "rescan"};
inline constexpr std::string_view kFilesTargetOnly[] = {"path", "include", "exclude", "rescan"};
inline constexpr std::string_view kKubernetesTarget[] = {
    "name",           "type",  "kubeconfig",   "context",     "namespaces", "namespace-labels",
    "argo-cd-labels", "adopt", "pull-secrets", "concurrency", "deadline",   "mode",
    "rollout"};
inline constexpr std::string_view kKubernetesTargetOnly[] = {
    "kubeconfig", "context",      "namespaces",  "namespace-labels", "argo-cd-labels",
    "adopt",      "pull-secrets", "concurrency", "deadline",         "rollout"};
inline constexpr std::string_view kTargetLater[] = {"host", "url", "branch", "inventory", "git"};
inline constexpr std::string_view kRollout[] = {"deadline", "pull-errors", "restarts"};
inline constexpr std::string_view kPolicy[] = {"image",   "policy",   "pin",  "prerelease",
                                               "min-age", "rollback", "sweep"};
inline constexpr std::string_view kPolicyLater[] = {"approvals", "window", "scan-gate",
                                                    "prune",     "notify", "group"};

inline constexpr std::string_view kModeValues[] = {"act", "observe"};
inline constexpr std::string_view kVerifyValues[] = {"off", "required"};
inline constexpr std::string_view kPinValues[] = {"automatic", "tag", "digest"};
inline constexpr std::string_view kSourceTypeValues[] = {"dockerhub", "harbor", "distribution",
                                                         "github", "native"};
inline constexpr std::string_view kSourceTypesLater[] = {
    "quay",  "acr",   "eventgrid", "ecr", "sns",    "gar", "gitlab",
    "jfrog", "nexus", "gitea",     "zot", "aliyun", "tcr", "cloudevents"};
inline constexpr std::string_view kTargetTypeValues[] = {"files", "kubernetes"};
inline constexpr std::string_view kTargetTypesLater[] = {"compose", "swarm", "git"};

}  // namespace words

inline constexpr Words kRootKeys{"the file", words::kRoot, words::kRootLater};
inline constexpr Words kStoreKeys{"the store", words::kStore};
inline constexpr Words kAuditKeys{"the audit", words::kAudit};
inline constexpr Words kLimitsKeys{"the limits", words::kLimits};
inline constexpr Words kSourceKeys{"a source", words::kSource, words::kSourceLater};
inline constexpr Words kRegistryKeys{"a registry", words::kRegistry, words::kRegistryLater};
inline constexpr Words kFilesTargetKeys{"a target of type 'files'", words::kFilesTarget,
                                        words::kTargetLater, words::kKubernetesTargetOnly,
                                        "a target of type 'kubernetes'"};
inline constexpr Words kKubernetesTargetKeys{"a target of type 'kubernetes'",
                                             words::kKubernetesTarget, words::kTargetLater,
                                             words::kFilesTargetOnly, "a target of type 'files'"};
inline constexpr Words kRolloutKeys{"a rollout", words::kRollout};
inline constexpr Words kPolicyKeys{"a policy", words::kPolicy, words::kPolicyLater};

inline constexpr Words kModes{"mode", words::kModeValues};
inline constexpr Words kVerify{"verify", words::kVerifyValues};
inline constexpr Words kPins{"pin", words::kPinValues};
inline constexpr Words kSourceTypes{"type", words::kSourceTypeValues, words::kSourceTypesLater};
inline constexpr Words kTargetTypes{"type", words::kTargetTypeValues, words::kTargetTypesLater};

}  // namespace longshore
