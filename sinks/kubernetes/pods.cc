// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/pods.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <nlohmann/json.hpp>

namespace longshore {
namespace {

using Json = nlohmann::json;

// A member of an object; an empty object where it is absent or this is none.
const Json& at(const Json& json, std::string_view name) {
  static const Json none = Json::object();
  if (!json.is_object()) return none;
  const auto found = json.find(name);
  return found == json.end() ? none : *found;
}

std::string text_at(const Json& json, std::string_view name) {
  const Json& value = at(json, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t number_at(const Json& json, std::string_view name) {
  const Json& value = at(json, name);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

Time time_at(const Json& json, std::string_view name, Time otherwise) {
  const auto time = parse_time(text_at(json, name));
  return time ? *time : otherwise;
}

std::string controller_of(const Json& metadata) {
  for (const Json& owner : at(metadata, "ownerReferences")) {
    if (at(owner, "controller") == Json(true)) return text_at(owner, "uid");
  }
  return {};
}

std::string how_it_ended(const Json& terminated) {
  if (terminated.empty()) return {};
  return text_at(terminated, "reason") + ", exit code " +
         std::to_string(number_at(terminated, "exitCode"));
}

void read_status(const Json& status, KubePodContainer& container) {
  const Json& state = at(status, "state");
  const Json& waiting = at(state, "waiting");
  const Json& last = at(at(status, "lastState"), "terminated");
  const Json& now = at(state, "terminated");
  container.image_id = text_at(status, "imageID");
  container.waiting = text_at(waiting, "reason");
  // An init container that has come through has nothing to say any more.
  if (container.init && !now.empty() && number_at(now, "exitCode") == 0) return;
  container.ended = how_it_ended(now.empty() ? last : now);
  container.message = text_at(waiting, "message");
  if (container.message.empty()) container.message = text_at(now.empty() ? last : now, "message");
  container.restarts = number_at(status, "restartCount");
}

enum class Role { normal, init };

void read_containers(const Json& pod, Role role, std::vector<KubePodContainer>& into) {
  const bool init = role == Role::init;
  const Json& statuses =
      at(at(pod, "status"), init ? "initContainerStatuses" : "containerStatuses");
  for (const Json& spec : at(at(pod, "spec"), init ? "initContainers" : "containers")) {
    KubePodContainer container;
    container.name = text_at(spec, "name");
    container.image = text_at(spec, "image");
    container.init = init;
    for (const Json& status : statuses) {
      if (text_at(status, "name") == container.name) read_status(status, container);
    }
    into.push_back(std::move(container));
  }
}

void read_conditions(const Json& status, KubePod& pod) {
  for (const Json& condition : at(status, "conditions")) {
    const std::string type = text_at(condition, "type");
    const bool holds = text_at(condition, "status") == "True";
    if (type == "Ready") pod.ready = holds;
    if (type == "PodScheduled" && !holds) pod.unscheduled = text_at(condition, "message");
  }
}

KubePod read_pod(const Json& json) {
  KubePod pod;
  const Json& metadata = at(json, "metadata");
  const Json& status = at(json, "status");
  pod.name = text_at(metadata, "name");
  pod.uid = text_at(metadata, "uid");
  pod.owner = controller_of(metadata);
  pod.revision = text_at(at(metadata, "labels"), "controller-revision-hash");
  pod.created = time_at(metadata, "creationTimestamp", Time{});
  pod.started = time_at(status, "startTime", pod.created);
  pod.deleting = !text_at(metadata, "deletionTimestamp").empty();
  const std::string phase = text_at(status, "phase");
  pod.ended = phase == "Succeeded" || phase == "Failed";
  read_conditions(status, pod);
  read_containers(json, Role::init, pod.containers);
  read_containers(json, Role::normal, pod.containers);
  return pod;
}

KubeRevision read_revision(const Json& json) {
  const Json& metadata = at(json, "metadata");
  return {.name = text_at(metadata, "name"),
          .uid = text_at(metadata, "uid"),
          .owner = controller_of(metadata),
          .hash = text_at(at(metadata, "labels"), "controller-revision-hash"),
          .number = number_at(json, "revision")};
}

KubeRevision read_replica_set(const Json& json) {
  KubeRevision revision = read_revision(json);
  const std::string number =
      text_at(at(at(json, "metadata"), "annotations"), "deployment.kubernetes.io/revision");
  std::from_chars(number.data(), number.data() + number.size(), revision.number);
  return revision;
}

template <class T>
Result<KubePage<T>> read_page(std::string_view text, std::string_view kind,
                              T (*read)(const Json&)) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (text_at(json, "kind") != kind || !at(json, "items").is_array()) {
    return Error{Errc::invalid_input,
                 "the API server's answer is not the " + std::string(kind) + " it was asked for"};
  }
  KubePage<T> page;
  for (const Json& item : at(json, "items")) {
    page.items.push_back(read(item));
  }
  page.next = text_at(at(json, "metadata"), "continue");
  return page;
}

const KubeRevision* newest_of(const KubeObject& object,
                              const std::vector<KubeRevision>& revisions) {
  const KubeRevision* newest = nullptr;
  for (const KubeRevision& revision : revisions) {
    if (revision.owner != object.uid) continue;
    if (newest == nullptr || revision.number > newest->number) newest = &revision;
  }
  return newest;
}

// Adds one pod's digest to what the others run; nothing where they do not agree.
void agree(std::map<std::string, std::optional<Digest>>& all, const KubePodContainer& container) {
  if (container.image_id.empty()) return;
  const auto digest = digest_of_image_id(container.image_id);
  const auto [entry, first] = all.emplace(container.name, digest);
  if (!first && entry->second != digest) entry->second.reset();
}

}  // namespace

Result<KubePage<KubePod>> read_pods(std::string_view json) {
  return read_page<KubePod>(json, "PodList", read_pod);
}

Result<KubePage<KubeRevision>> read_replica_sets(std::string_view json) {
  return read_page<KubeRevision>(json, "ReplicaSetList", read_replica_set);
}

Result<KubePage<KubeRevision>> read_controller_revisions(std::string_view json) {
  return read_page<KubeRevision>(json, "ControllerRevisionList", read_revision);
}

KubePods sort_pods(const KubeObject& object, const std::vector<KubeRevision>& revisions,
                   std::vector<KubePod> pods) {
  const KubeRevision* newest = newest_of(object, revisions);
  const bool by_set = object.kind == KubeKind::deployment;
  std::set<std::string> owners{object.uid};
  if (by_set) {
    owners.clear();
    for (const KubeRevision& revision : revisions) {
      if (revision.owner == object.uid) owners.insert(revision.uid);
    }
  }
  KubePods sorted;
  if (by_set && newest != nullptr) sorted.replica_set = newest->name;
  for (KubePod& pod : pods) {
    if (!owners.contains(pod.owner)) continue;
    bool is_current = newest != nullptr && pod.revision == newest->hash;
    if (by_set) is_current = newest != nullptr && pod.owner == newest->uid;
    if (object.kind == KubeKind::stateful_set) {
      is_current = pod.revision == object.progress.update_revision;
    }
    (is_current ? sorted.current : sorted.old).push_back(std::move(pod));
  }
  return sorted;
}

std::optional<Digest> digest_of_image_id(std::string_view image_id) {
  const std::size_t sign = image_id.rfind('@');
  if (sign == std::string_view::npos) return std::nullopt;
  auto digest = Digest::parse(image_id.substr(sign + 1));
  if (!digest) return std::nullopt;
  return *std::move(digest);
}

std::map<std::string, Digest> running_digests(const KubePods& pods) {
  std::map<std::string, std::optional<Digest>> all;
  for (const auto* list : {&pods.current, &pods.old}) {
    for (const KubePod& pod : *list) {
      if (pod.deleting || pod.ended) continue;
      for (const KubePodContainer& container : pod.containers) {
        agree(all, container);
      }
    }
  }
  std::map<std::string, Digest> agreed;
  for (const auto& [name, digest] : all) {
    if (digest) agreed.emplace(name, *digest);
  }
  return agreed;
}

}  // namespace longshore
