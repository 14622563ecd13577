// SPDX-License-Identifier: Apache-2.0
//
// From the JSON of an API server to the part of an object that we keep. Nothing else is looked at,
// however large it is (kubectl's last-applied-configuration), so that it cannot be a fault.
#include "sinks/kubernetes/object_reader.h"

#include <charconv>
#include <cmath>

#include "pipeline/keel_settings.h"
#include "sinks/kubernetes/manager.h"
#include "sinks/kubernetes/patch.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxAnnotationBytes = 4096;
constexpr std::size_t kMaxMessageBytes = 256U << 10;  // of a condition; the first of them are kept
constexpr std::size_t kKeptMessageBytes = 300;

std::int64_t whole(const JsonObject& object, std::string_view name, std::int64_t otherwise = 0) {
  const std::optional<double> number = object.number(name);
  if (!number) return otherwise;
  if (!(std::abs(*number) <= 9e15)) object.fail(name, "is no count");
  return object.has(name) ? std::llround(*number) : otherwise;
}

Annotations speaking(const JsonObject& metadata, std::string_view where) {
  Annotations found;
  metadata.each_member(where, {kAnnotationPrefix, kKeelPrefix, kKeelOldPrefix},
                       [&](std::string_view key, const JsonElement& value) {
                         found.emplace(key, value.text(kMaxAnnotationBytes));
                       });
  return found;
}

void read_containers(const JsonObject& pod, std::string_view list, KubeObject& object) {
  std::size_t position = 0;
  for (const JsonElement& element : pod.list(list)) {
    const JsonObject container = element.object({"name", "image", "imagePullPolicy"});
    if (container.text("imagePullPolicy") != "Always") object.always_pulls = false;
    object.containers.push_back(KubeContainer{std::string(container.required_text("name")),
                                              container.string("image").value_or(""),
                                              list == "initContainers", position++});
  }
}

void read_pod(const JsonObject& spec, KubeObject& object) {
  JsonObject above = spec;
  if (object.kind == KubeKind::cron_job) {
    above = spec.object("jobTemplate", {"spec"}).object("spec", {"template"});
  }
  const JsonObject pod_template = above.object("template", {"metadata", "spec"});
  const JsonObject metadata = pod_template.object("metadata", {"annotations"});
  object.template_annotated = metadata.has("annotations");
  const auto restart = metadata.object("annotations", {kRestartedBy}).text(kRestartedBy);
  if (const auto action = ActionId::parse(restart.value_or(""))) object.restarted_by = *action;
  const JsonObject pod = pod_template.object(
      "spec",
      {"containers", "initContainers", "nodeSelector", "serviceAccountName", "imagePullSecrets"});
  const JsonObject nodes = pod.object("nodeSelector", {kSystemLabel, kArchitectureLabel});
  if (nodes.has(kSystemLabel) || nodes.has(kArchitectureLabel)) {
    object.platform = nodes.string(kSystemLabel).value_or("") + "/" +
                      nodes.string(kArchitectureLabel).value_or("");
  }
  read_containers(pod, "containers", object);
  read_containers(pod, "initContainers", object);
  object.service_account = pod.string("serviceAccountName").value_or("");
  pod.each("imagePullSecrets", JsonObject::kMaxElements, [&](const JsonElement& element) {
    if (auto name = element.object({"name"}).string("name")) {
      object.pull_secrets.push_back(*std::move(name));
    }
  });
}

// One of matchExpressions: "tier in (a,b)".
std::string expression(const JsonObject& term) {
  const std::string key(term.required_text("key"));
  const std::string_view op = term.required_text("operator");
  std::string values;
  term.each_text("values", JsonObject::kMaxElements, [&](std::string_view value) {
    values.append(values.empty() ? "" : ",").append(value);
  });
  if (op == "Exists") return key;
  if (op == "DoesNotExist") return "!" + key;
  if (op == "In") return key + " in (" + values + ")";
  if (op == "NotIn") return key + " notin (" + values + ")";
  term.fail("operator", "is none of In, NotIn, Exists and DoesNotExist");
  return {};
}

std::string query_of(const JsonObject& selector) {
  std::string query;
  const auto add = [&](const std::string& term) {
    query.append(query.empty() ? "" : ",").append(term);
  };
  selector.each_member("matchLabels", {""}, [&](std::string_view key, const JsonElement& value) {
    add(std::string(key).append("=").append(value.text(JsonObject::kMaxTextBytes)));
  });
  selector.each("matchExpressions", JsonObject::kMaxElements, [&](const JsonElement& element) {
    add(expression(element.object({"key", "operator", "values"})));
  });
  return query;
}

// Says why where a condition tells that the rollout takes longer than the Deployment allows.
std::string deadline_exceeded(const JsonObject& status) {
  std::string why;
  status.each("conditions", JsonObject::kMaxElements, [&](const JsonElement& element) {
    const JsonObject condition = element.object({"type", "status", "reason", "message"});
    if (condition.text("type") != "Progressing" || condition.text("status") != "False" ||
        condition.text("reason") != "ProgressDeadlineExceeded") {
      return;
    }
    const auto message = condition.text("message", kMaxMessageBytes);
    why = std::string(message.value_or("ProgressDeadlineExceeded").substr(0, kKeptMessageBytes));
  });
  return why;
}

void read_counts(const JsonObject& status, KubeProgress& progress) {
  progress.observed_generation = whole(status, "observedGeneration");
  progress.updated = whole(status, "updatedReplicas");
  progress.current = whole(status, "replicas");
  progress.available = whole(status, "availableReplicas");
  progress.ready = whole(status, "readyReplicas");
}

void read_deployment(const JsonObject& spec, const JsonObject& object, KubeProgress& progress) {
  const JsonObject status =
      object.object("status", {"observedGeneration", "updatedReplicas", "replicas",
                               "availableReplicas", "readyReplicas", "conditions"});
  read_counts(status, progress);
  progress.desired = whole(spec, "replicas", 1);
  progress.paused = spec.flag("paused").value_or(false);
  progress.deadline_exceeded = deadline_exceeded(status);
}

void read_stateful_set(const JsonObject& spec, const JsonObject& object, KubeProgress& progress) {
  const JsonObject status = object.object(
      "status", {"observedGeneration", "updatedReplicas", "replicas", "availableReplicas",
                 "readyReplicas", "updateRevision", "currentRevision"});
  read_counts(status, progress);
  progress.desired = whole(spec, "replicas", 1);
  progress.update_revision = status.string("updateRevision").value_or("");
  progress.current_revision = status.string("currentRevision").value_or("");
  progress.ordered = spec.text("podManagementPolicy") != "Parallel";
  const JsonObject strategy = spec.object("updateStrategy", {"type", "rollingUpdate"});
  progress.on_delete = strategy.text("type") == "OnDelete";
  progress.partition = whole(strategy.object("rollingUpdate", {"partition"}), "partition");
}

void read_daemon_set(const JsonObject& spec, const JsonObject& object, KubeProgress& progress) {
  const JsonObject status = object.object(
      "status", {"observedGeneration", "updatedNumberScheduled", "currentNumberScheduled",
                 "desiredNumberScheduled", "numberAvailable", "numberReady"});
  progress.observed_generation = whole(status, "observedGeneration");
  progress.desired = whole(status, "desiredNumberScheduled");
  progress.updated = whole(status, "updatedNumberScheduled");
  progress.current = whole(status, "currentNumberScheduled");
  progress.available = whole(status, "numberAvailable");
  progress.ready = whole(status, "numberReady");
  progress.on_delete = spec.object("updateStrategy", {"type"}).text("type") == "OnDelete";
}

void read_progress(const JsonObject& spec, const JsonObject& object, KubeObject& result) {
  switch (result.kind) {
    case KubeKind::deployment:
      return read_deployment(spec, object, result.progress);
    case KubeKind::stateful_set:
      return read_stateful_set(spec, object, result.progress);
    case KubeKind::daemon_set:
      return read_daemon_set(spec, object, result.progress);
    case KubeKind::cron_job:
      result.progress.desired = 0;
      result.progress.suspended = spec.flag("suspend").value_or(false);
  }
}

void read_rest(const JsonObject& metadata, const JsonObject& object, KubeObject& result) {
  result.uid = metadata.string("uid").value_or("");
  result.generation = whole(metadata, "generation");
  result.annotated = metadata.has("annotations");
  result.annotations =
      merge_metadata(speaking(metadata, "annotations"), speaking(metadata, "labels"));
  result.manager = read_manager(metadata);
  const JsonObject spec =
      object.object("spec", {"replicas", "paused", "suspend", "selector", "template", "jobTemplate",
                             "updateStrategy", "podManagementPolicy"});
  read_pod(spec, result);
  result.selector = query_of(spec.object("selector", {"matchLabels", "matchExpressions"}));
  read_progress(spec, object, result);
  read_appliers(metadata, result.kind, result.containers);
}

}  // namespace

KubeObject read_object(JsonDocument& document, std::optional<KubeKind> kind,
                       const JsonObject& object) {
  const JsonObject metadata =
      object.object("metadata", {"name", "namespace", "uid", "resourceVersion", "generation",
                                 "annotations", "labels", "managedFields"});
  KubeObject result;
  result.kind = kind.value_or(KubeKind::deployment);
  result.space = metadata.string("namespace").value_or("");
  result.name = metadata.required_text("name");
  result.version = parse_version(metadata.required_text("resourceVersion")).value_or(0);
  if (!kind || document.error()) return result;
  KubeObject whole = result;
  read_rest(metadata, object, whole);
  const std::optional<Error> fault = document.forgive();
  if (!fault) return whole;
  result.fault = fault->message;
  return result;
}

std::optional<std::uint64_t> parse_version(std::string_view text) {
  std::uint64_t version = 0;
  const char* const end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data(), end, version);
  if (code != std::errc() || at != end) return std::nullopt;
  return version;
}

}  // namespace longshore
