// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "config/sections.h"
#include "pipeline/pattern.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr SizeRange kConcurrency{1, 64};  // as many connections as one host gets
constexpr DurationRange kRequestDeadline{seconds{1}, std::chrono::minutes{10}};
constexpr DurationRange kRolloutDeadline{seconds{10}, hours{7 * 24}};
constexpr DurationRange kPullErrors{seconds{1}, hours{24}};
constexpr SizeRange kRestarts{1, 1'000};
constexpr std::size_t kMostNameBytes = 63;  // of a namespace (RFC 1123)

// One requirement of a label selector, as kubectl takes it with --selector.
constexpr std::string_view kRequirement =
    " *(?:! *K|K *(?:|==? *V|!= *V| (?:not)?in *\\( *V *(?:, *V *)*\\))) *";
constexpr std::string_view kLabelKey = "(?:[a-z0-9][a-z0-9.-]*/)?[A-Za-z0-9][A-Za-z0-9_.-]*";
constexpr std::string_view kLabelValue = "[A-Za-z0-9_.-]*";

std::string requirement_pattern() {
  std::string pattern;
  for (const char c : kRequirement) {
    if (c == 'K') {
      pattern += kLabelKey;
    } else if (c == 'V') {
      pattern += kLabelValue;
    } else {
      pattern += c;
    }
  }
  return pattern;
}

// The requirements between the commas that stand outside of parentheses.
std::vector<std::string_view> requirements_of(std::string_view selector) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  bool inside = false;
  for (std::size_t i = 0; i < selector.size(); ++i) {
    if (selector[i] == '(') inside = true;
    if (selector[i] == ')') inside = false;
    if (selector[i] != ',' || inside) continue;
    parts.push_back(selector.substr(start, i - start));
    start = i + 1;
  }
  parts.push_back(selector.substr(start));
  return parts;
}

bool is_selector(std::string_view text) {
  static const auto requirement = Pattern::compile(requirement_pattern(), Pattern::Groups::named);
  const auto parts = requirements_of(text);
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return requirement && requirement->match(part).has_value();
  });
}

bool is_namespace(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes && name.front() != '-' &&
         name.back() != '-' && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::vector<std::string> read_namespaces(const MapReader& map) {
  std::vector<std::string> names;
  Lines lines;
  for (const ValueReader& value : map.one_or_more("namespaces")) {
    const auto name = value.text();
    if (!name) continue;
    if (!is_namespace(*name)) {
      value.error(Error{Errc::invalid_input,
                        in_quotes(*name) +
                            " is no name of a namespace: use 1 to 63 lower-case letters, digits "
                            "and '-'; patterns are not taken, labels are: 'namespace-labels'"});
    } else if (is_new(value, "the namespace", *name, lines)) {
      names.push_back(*name);
    }
  }
  return names;
}

std::string read_namespace_labels(const MapReader& map) {
  const ValueReader* const value = map.find("namespace-labels");
  const auto text = value ? value->text() : std::nullopt;
  if (!text) return {};
  if (is_selector(*text)) return *text;
  value->error(Error{Errc::invalid_input,
                     in_quotes(*text) + " is no label selector: write it as for kubectl, such as "
                                        "'team=shop,stage!=test' or 'stage in (test, live)'"});
  return {};
}

RolloutLimits read_rollout(const MapReader& target) {
  RolloutLimits limits;
  const ValueReader* const value = target.find("rollout");
  const auto map = value ? value->map(kRolloutKeys) : std::nullopt;
  if (!map) return limits;
  const ValueReader* const deadline = map->find("deadline");
  if (deadline != nullptr && deadline->is("off")) {
    limits.deadline = seconds{0};
  } else {
    limits.deadline = read_seconds(*map, "deadline", kRolloutDeadline).value_or(limits.deadline);
  }
  limits.pull_errors = read_seconds(*map, "pull-errors", kPullErrors).value_or(limits.pull_errors);
  limits.restarts =
      static_cast<unsigned>(map->number("restarts", kRestarts).value_or(limits.restarts));
  return limits;
}

}  // namespace

// What a kubeconfig holds is read by the target, again and again: its change is no reload.
KubernetesTargetOptions read_kubernetes_target(const MapReader& map, const std::string& name) {
  map.check_keys(kKubernetesTargetKeys);
  KubernetesTargetOptions options;
  options.name = name;
  options.kubeconfig = map.file("kubeconfig").value_or(options.kubeconfig);
  options.context = map.text("context").value_or(options.context);
  if (map.find("context") != nullptr && map.find("kubeconfig") == nullptr) {
    map.find("context")->error(
        "is of no use without 'kubeconfig': name the file that has this context, or remove it");
  }
  if (map.find("namespaces") != nullptr) options.namespaces = read_namespaces(map);
  options.namespace_labels = read_namespace_labels(map);
  if (map.find("namespaces") != nullptr && map.find("namespace-labels") != nullptr) {
    map.find("namespace-labels")
        ->error("stands beside 'namespaces': choose the namespaces by name or by label");
  }
  options.argo_cd_labels = map.boolean("argo-cd-labels").value_or(options.argo_cd_labels);
  options.adopt = map.boolean("adopt").value_or(options.adopt);
  options.pull_secrets = map.boolean("pull-secrets").value_or(options.pull_secrets);
  options.concurrency =
      static_cast<unsigned>(map.number("concurrency", kConcurrency).value_or(options.concurrency));
  options.deadline = map.duration("deadline", kRequestDeadline).value_or(options.deadline);
  options.rollout = read_rollout(map);
  return options;
}

}  // namespace longshore
