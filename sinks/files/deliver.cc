// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/deliver.h"

#include <algorithm>

#include "sinks/files/edit.h"
#include "sinks/files/manifest.h"

namespace longshore {
namespace {

const FoundWorkload* find_workload(const Manifest& manifest, std::string_view id) {
  const auto found = std::find_if(manifest.workloads.begin(), manifest.workloads.end(),
                                  [id](const FoundWorkload& other) { return other.id == id; });
  return found == manifest.workloads.end() ? nullptr : &*found;
}

const FoundContainer* find_container(const FoundWorkload& workload, std::string_view name) {
  const auto found =
      std::find_if(workload.containers.begin(), workload.containers.end(),
                   [name](const FoundContainer& other) { return other.name == name; });
  return found == workload.containers.end() ? nullptr : &*found;
}

Error conflict(std::string why) {
  return Error{Errc::conflict, std::move(why)};
}

// The container of each change, in their order, all running `from`; none if all run `to`.
Result<std::vector<const FoundContainer*>> containers_to_change(const FoundWorkload& workload,
                                                                const Action& action) {
  std::vector<const FoundContainer*> result;
  std::size_t done = 0;
  for (const ContainerChange& change : action.changes) {
    const FoundContainer* container = find_container(workload, change.container);
    if (container == nullptr) return conflict("there is no '" + change.container + "' any more");
    if (container->image == change.to) {
      ++done;
    } else if (container->image == change.from) {
      result.push_back(container);
    } else {
      return conflict("'" + change.container + "' runs " + container->image.str() + ", not " +
                      change.from.str());
    }
  }
  if (done > 0 && !result.empty()) return conflict("some containers were changed, others not");
  return result;
}

}  // namespace

Result<std::string> changed_bytes(const std::string& path, std::string_view bytes,
                                  const Action& action) {
  const Manifest manifest = read_manifest(path, bytes);
  const std::string prefix = path + " ";
  const std::string_view id = action.workload;
  const FoundWorkload* workload =
      id.starts_with(prefix) ? find_workload(manifest, id.substr(prefix.size())) : nullptr;
  if (workload == nullptr) return conflict("there is no '" + action.workload + "' any more");
  const auto containers = containers_to_change(*workload, action);
  if (!containers) return containers.error();
  std::vector<ScalarEdit> edits;
  for (std::size_t i = 0; i < containers->size(); ++i) {
    auto planned = plan_change(*(*containers)[i], action.changes[i].to);
    if (!planned) return std::move(planned).error();
    edits.insert(edits.end(), planned->begin(), planned->end());
  }
  if (edits.empty()) return std::string(bytes);
  return apply_edits(bytes, std::move(edits));
}

Delivery delivery_for(const Error& error) {
  switch (error.code) {
    case Errc::conflict:
    case Errc::not_found:
      return {Outcome::conflict, error.message, {}};
    case Errc::invalid_input:
    case Errc::unsupported:
      return {Outcome::rejected, error.message, {}};
    case Errc::unauthorized:
      return {Outcome::forbidden, error.message, {}};
    case Errc::busy:
    case Errc::unavailable:
    case Errc::io:
      break;
  }
  return {Outcome::retry, error.message, {}};
}

}  // namespace longshore
