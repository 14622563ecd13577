// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "config/sections.h"
#include "config/values.h"
#include "pipeline/glob.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

using std::chrono::hours;

constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr SizeRange kRotate{64 * kKiB, 1024 * kGiB};
constexpr SizeRange kAuditFiles{1, 10'000};
constexpr SizeRange kBody{kKiB, 64 * kMiB};
constexpr SizeRange kInFlight{64 * kKiB, 16 * kGiB};
constexpr SizeRange kBacklog{1, 100'000'000};
constexpr SizeRange kWorkers{1, 1'024};
constexpr std::uint64_t kMostKeptEvents = 1'000'000'000;
constexpr hours kLongestKeep{3'650 * 24};
constexpr DurationRange kMinAge{std::chrono::milliseconds{0}, hours{365 * 24}};

StoreOptions read_store(const MapReader& root, const PipelineOptions& defaults) {
  StoreOptions store = defaults.store;
  const ValueReader* const value = root.find("store");
  if (value == nullptr || !value->is_map()) {
    store.path = root.path("store").value_or(store.path);
    return store;
  }
  const auto map = value->map(kStoreKeys);
  store.path = map->path("path").value_or(store.path);
  store.keep_events =
      map->number("keep_events", {defaults.dedupe_keys, kMostKeptEvents}).value_or(0);
  if (map->find("keep_events") == nullptr) store.keep_events = defaults.store.keep_events;
  if (const auto keep = map->duration("keep", {defaults.dedupe_window, kLongestKeep})) {
    store.keep = std::chrono::duration_cast<hours>(*keep);
    if (store.keep != *keep) map->find("keep")->error("expected whole hours or days");
  }
  return store;
}

AuditOptions read_audit(const MapReader& root) {
  AuditOptions audit;
  const ValueReader* const value = root.find("audit");
  const auto map = value ? value->map(kAuditKeys) : std::nullopt;
  if (!map) return audit;
  audit.file = map->path("file").value_or(audit.file);
  audit.rotate_bytes = map->size("rotate", kRotate).value_or(audit.rotate_bytes);
  audit.keep_files =
      static_cast<unsigned>(map->number("keep", kAuditFiles).value_or(audit.keep_files));
  return audit;
}

Pin read_pin(const MapReader& map) {
  const auto word = map.word("pin", kPins);
  if (word == "tag") return Pin::tag;
  if (word == "digest") return Pin::digest;
  return Pin::automatic;
}

// The policy's parts, or nothing where it has no usable pattern or policy.
std::optional<PolicyRule> read_policy(const MapReader& map, const HostNames& hosts) {
  const ValueReader* const image =
      map.require("image", "say which images it is for, such as docker.io/acme/*");
  const ValueReader* const policy = map.require("policy", "write for example 'semver:~1.4'");
  const Pin pin = read_pin(map);
  const bool prerelease = map.boolean("prerelease").value_or(false);
  const bool rollback = map.boolean("rollback").value_or(true);
  const auto min_age = read_seconds(map, "min-age", kMinAge).value_or(std::chrono::seconds{0});
  const auto sweep = read_sweep(map);
  const auto pattern = image ? read_pattern(*image, hosts) : std::nullopt;
  const auto text = policy ? policy->text() : std::nullopt;
  if (!text) return std::nullopt;
  auto parsed = parse_policy(*text);
  if (!parsed) {
    policy->error(parsed.error());
    return std::nullopt;
  }
  if (!pattern) return std::nullopt;
  return PolicyRule{*pattern, {*std::move(parsed), pin, prerelease, min_age, rollback}, sweep};
}

// The first rule that matches counts, so that one below a wider one is never reached. A "?" of the
// wider pattern could stand for a "*" here: nothing is said of those.
void warn_if_unreachable(const ValueReader& value, const PolicyRule& rule,
                         const std::vector<PolicyRule>& earlier) {
  for (const PolicyRule& first : earlier) {
    if (first.image.find('?') != std::string::npos) continue;
    if (!glob_match(first.image, rule.image)) continue;
    value.warn("the policy for " + in_quotes(rule.image) +
               " is never used: " + in_quotes(first.image) +
               " above it matches the same images and counts first; put it below");
    return;
  }
}

std::vector<PolicyRule> read_policies(const MapReader& root, const HostNames& hosts) {
  std::vector<PolicyRule> rules;
  for (const ValueReader& item : root.list("policies")) {
    const auto map = item.map(kPolicyKeys);
    auto rule = map ? read_policy(*map, hosts) : std::nullopt;
    if (!rule) continue;
    warn_if_unreachable(item, *rule, rules);
    rules.push_back(*std::move(rule));
  }
  return rules;
}

}  // namespace

std::optional<std::string> read_pattern(const ValueReader& value, const HostNames& hosts) {
  const auto pattern = value.text();
  if (!pattern) return std::nullopt;
  if (const Status status = check_image_pattern(*pattern); !status) {
    value.error(status.error());
    return std::nullopt;
  }
  const auto host = host_of_pattern(*pattern);
  if (host && !looks_like_host(*host) && !hosts.contains(*host)) {
    value.warn(
        "the pattern begins with no registry's host, so it may match nothing: write "
        "docker.io/ before it if Docker Hub is meant");
  }
  return pattern;
}

PipelineOptions read_pipeline(const MapReader& root, const HostNames& hosts) {
  PipelineOptions options;
  options.store = read_store(root, options);
  options.audit = read_audit(root);
  options.observe = root.word("mode", kModes) == "observe";
  options.policies = read_policies(root, hosts);
  options.sweep.every = read_sweep(root).value_or(options.sweep.every);
  return options;
}

void read_limits(const MapReader& root, Config& config) {
  const ValueReader* const value = root.find("limits");
  const auto map = value ? value->map(kLimitsKeys) : std::nullopt;
  if (!map) return;
  ReceiverOptions& receiver = config.receiver;
  receiver.max_body_bytes = map->size("body", kBody).value_or(receiver.max_body_bytes);
  receiver.max_in_flight_bytes =
      map->size("in_flight", kInFlight).value_or(receiver.max_in_flight_bytes);
  config.pipeline.backlog_events =
      map->number("backlog", kBacklog).value_or(config.pipeline.backlog_events);
  const auto workers = map->number("workers", kWorkers);
  if (workers) receiver.worker_threads = static_cast<int>(*workers);
  if (receiver.max_body_bytes > receiver.max_in_flight_bytes) {
    value->error(
        "'body' is larger than 'in_flight', so the largest notifications never fit: raise "
        "'in_flight'");
  }
}

}  // namespace longshore
