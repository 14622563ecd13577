// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/patch.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "pipeline/text.h"

namespace longshore {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostReason = 1'000;  // bytes; all annotations of an object share 256 KiB

const KubeContainer* find_container(const KubeObject& object, std::string_view name) {
  const auto found = std::find_if(object.containers.begin(), object.containers.end(),
                                  [name](const KubeContainer& one) { return one.name == name; });
  return found == object.containers.end() ? nullptr : &*found;
}

bool shows(const KubeContainer& container, const ImageRef& image) {
  const auto written = ImageRef::parse(container.image);
  return written && *written == image;
}

Error conflict(std::string why) {
  return Error{Errc::conflict, std::move(why)};
}

std::string template_path(const KubeObject& object) {
  return object.kind == KubeKind::cron_job ? "/spec/jobTemplate/spec/template" : "/spec/template";
}

// One key of a JSON pointer (RFC 6901, section 3).
std::string pointer_key(std::string_view key) {
  std::string escaped = "/";
  for (const char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

void add_operation(Json& patch, std::string_view kind, const std::string& path, Json value) {
  patch.push_back({{"op", kind}, {"path", path}, {"value", std::move(value)}});
}

void add_annotations(Json& patch, const std::string& path, bool map_exists,
                     const Annotations& annotations) {
  if (!map_exists) {
    add_operation(patch, "test", path, nullptr);
    add_operation(patch, "add", path, Json(annotations));
    return;
  }
  for (const auto& [key, value] : annotations) {
    add_operation(patch, "add", path + pointer_key(key), value);
  }
}

Annotations annotations_of(const Action& action) {
  const std::string prefix(kStatusPrefix);
  const std::string change = change_in_words(action);
  const std::string reason = cut_text(action.reason, kMostReason);
  return {
      {prefix + "last-action", action.id.str()},
      {prefix + "last-event", action.event.str()},
      {prefix + "last-change", change},
      {prefix + "last-reason", reason},
      {"kubernetes.io/change-cause", "longshore: " + change + " (" + reason + ")"},
  };
}

}  // namespace

bool is_restart(const Action& action) {
  return std::all_of(action.changes.begin(), action.changes.end(),
                     [](const ContainerChange& change) { return change.from == change.to; });
}

Result<Standing> standing_of(const KubeObject& object, const Action& action) {
  std::size_t done = 0;
  std::size_t due = 0;
  for (const ContainerChange& change : action.changes) {
    const KubeContainer* container = find_container(object, change.container);
    if (container == nullptr) return conflict("there is no '" + change.container + "' any more");
    const bool is_to = shows(*container, change.to);
    const bool is_from = shows(*container, change.from);
    if (!is_to && !is_from) {
      return conflict("'" + change.container + "' runs " + container->image + ", not " +
                      change.from.str());
    }
    if (!is_from) ++done;
    if (!is_to) ++due;
  }
  if (done > 0 && due > 0) return conflict("some containers were changed, others not");
  if (is_restart(action)) {
    const bool restarted = object.restarted_by == action.id;
    return restarted || object.kind == KubeKind::cron_job ? Standing::done : Standing::due;
  }
  return due > 0 ? Standing::due : Standing::done;
}

std::string json_patch(const KubeObject& object, const Action& action) {
  Json patch = Json::array();
  const std::string pod = template_path(object);
  for (const ContainerChange& change : action.changes) {
    const KubeContainer* container = find_container(object, change.container);
    if (container == nullptr) continue;
    const std::string path = pod +
                             (container->init ? "/spec/initContainers/" : "/spec/containers/") +
                             std::to_string(container->position);
    add_operation(patch, "test", path + "/name", container->name);
    add_operation(patch, "test", path + "/image", container->image);
    if (change.from == change.to) continue;
    add_operation(patch, "replace", path + "/image", change.to.str());
  }
  add_annotations(patch, "/metadata/annotations", object.annotated, annotations_of(action));
  if (is_restart(action)) {
    // The time is the action's, so that a repeat changes nothing and restarts nothing.
    add_annotations(patch, pod + "/metadata/annotations", object.template_annotated,
                    {{std::string(kRestartedBy), action.id.str()},
                     {std::string(kRestartedAt), format_time(action.created)}});
  }
  return patch.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string change_in_words(const Action& action) {
  std::string words = is_restart(action) ? "restart: " : "";
  std::string_view separator;
  for (const ContainerChange& change : action.changes) {
    words += std::string(separator) + change.container + ": " + change.from.str();
    if (!(change.from == change.to)) words += " -> " + change.to.str();
    separator = ", ";
  }
  return words;
}

}  // namespace longshore
