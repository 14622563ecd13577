// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as an answer of an API server: an object, one line of a watch, a page of a list. The
// first byte chooses which, and the kind. Nothing may crash; an object says the same alone and in a
// watch; and an index that is given the objects finds each by its id and by its repositories, until
// they are gone.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "sinks/kubernetes/index.h"
#include "sinks/kubernetes/watch_event.h"

namespace {

using longshore::KubeIndex;
using longshore::KubeKind;
using longshore::KubeObject;
using longshore::KubeObjectPtr;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_object(const KubeObject& object) {
  require(!object.name.empty());
  const auto workload = longshore::workload_for("prod", object);
  require(workload.containers.size() <= object.containers.size());
  for (const auto& container : object.containers) {
    const auto manager = longshore::manager_of(object, container.name);
    require((manager.kind == longshore::KubeManager::Kind::nobody) == manager.words.empty());
  }
  (void)longshore::problem_of(object);
}

void check_index(KubeKind kind, const std::vector<KubeObjectPtr>& objects, std::uint64_t version) {
  KubeIndex index("prod");
  index.replace(kind, "", objects, version);
  std::set<std::string> ids;
  for (const KubeObjectPtr& object : objects) {
    check_object(*object);
    ids.insert(object->id());
    require(index.find(object->id()) != nullptr);
  }
  require(index.size() == ids.size());
  for (const auto& workload : index.all())
    for (const auto& container : workload->containers)
      require(!index.of(container.image.repository()).empty());
  index.forget(kind, "");
  require(index.size() == 0 && index.all().empty() && index.problems(1).empty());
}

void read_alone_and_in_a_watch(KubeKind kind, const std::string& text) {
  const auto alone = longshore::read_kube_object(kind, text);
  const auto event = longshore::read_watch_event(kind, R"({"type":"ADDED","object":)" + text + "}");
  if (!alone) {
    require(!alone.error().message.empty());
    return;
  }
  check_object(*alone);
  if (!event) return;  // one level deeper
  require(event->object.id() == alone->id() && event->object.containers == alone->containers &&
          event->object.annotations == alone->annotations);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const KubeKind kind = longshore::kKubeKinds[data[0] / 3 % 4];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) {
    read_alone_and_in_a_watch(kind, text);
  } else if (data[0] % 3 == 1) {
    const auto event = longshore::read_watch_event(kind, text);
    if (event && event->type != longshore::WatchEvent::Type::error &&
        event->type != longshore::WatchEvent::Type::bookmark) {
      check_object(event->object);
    }
    (void)longshore::read_failure(504, text);
  } else if (const auto page = longshore::read_list_page(kind, text)) {
    check_index(kind, page->objects, page->version);
  }
  return 0;
}
