// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sinks/kubernetes/object.h"

namespace longshore::test {

inline ImageRef image(const std::string& text) {
  return *ImageRef::parse(text);
}

inline ContainerChange change(const std::string& container, const std::string& from,
                              const std::string& to) {
  return {.container = container, .from = image(from), .to = image(to), .from_digest = {}};
}

inline const Time kNoon = *parse_time("2026-03-01T12:00:00Z");

inline Action action_for(const std::string& workload, std::vector<ContainerChange> changes) {
  const Repository repository = changes.front().to.repository();
  Action action{.id = *Ulid::parse("01KJM7Z9G0ACT10N0000000001"),
                .target = "prod",
                .workload = workload,
                .repository = repository,
                .changes = std::move(changes),
                .event = *Ulid::parse("01KJM7Z9G0EVENT00000000001"),
                .reason = "1.1 is newer than 1.0",
                .error = {}};
  action.created = kNoon;
  return action;
}

// Deployment shop/web with these containers, all there and ready.
inline KubeObject object_with(std::vector<KubeContainer> containers) {
  KubeObject object;
  object.space = "shop";
  object.name = "web";
  object.uid = "uid-web";
  object.version = 7;
  object.generation = 2;
  object.containers = std::move(containers);
  object.selector = "app=web";
  object.progress.observed_generation = 2;
  object.progress.desired = object.progress.updated = object.progress.current = 3;
  object.progress.available = object.progress.ready = 3;
  return object;
}

// What a real API server answered once; see answers/README.md.
inline std::string recorded(const std::string& name) {
  std::ifstream file(LONGSHORE_SOURCE_DIR "/tests/sinks/kubernetes/answers/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace longshore::test
