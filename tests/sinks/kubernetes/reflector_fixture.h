// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/index_feed.h"
#include "tests/sinks/kubernetes/access_fixture.h"
#include "tests/sinks/kubernetes/fake_cluster.h"

namespace longshore::test {

// A fake cluster behind HTTP, and the way to it.
struct ClusterFixture {
  FakeCluster cluster;
  HttpStub server{[this](const StubRequest& request) { return cluster.answer(request); }};
  TempFolder folder;
  SystemClock clock;
  HttpClient client;
  KubeApi api{options(), client, clock};

  ~ClusterFixture() { cluster.close(); }

  KubernetesTargetOptions options() {
    KubernetesTargetOptions result;
    result.kubeconfig = folder.write(
        "kubeconfig", kubeconfig_of("    server: " + server.url("") + "\n", "    token: one\n"));
    return result;
  }
  // Requests whose target holds that text.
  std::size_t asked(const std::string& text) const {
    std::size_t count = 0;
    for (const StubRequest& request : server.requests())
      if (request.target.find(text) != std::string::npos) ++count;
    return count;
  }
};

// Short waits, but for those that a test wants to be told apart from them.
inline ReflectorOptions quick(ReflectorOptions options) {
  options.first_backoff = std::chrono::milliseconds{1};
  options.max_backoff = std::chrono::milliseconds{20};
  options.refused = std::chrono::hours{1};
  return options;
}

// A reflector of the cluster's Deployments, and what it has told.
struct ReflectorFixture : ClusterFixture {
  KubeIndex index{"prod"};
  std::mutex mutex;
  // guarded by mutex
  std::set<Repository> changed;
  std::vector<std::string> troubles;
  std::size_t syncs = 0;
  ReflectorOptions how = quick(reflector_options(KubeKind::deployment, ""));
  std::optional<Reflector> reflector{};

  ~ReflectorFixture() {
    if (reflector) reflector->stop();
  }
  void start() {
    auto hooks = index_feed(index, KubeKind::deployment, "", [this](const auto& changes) {
      const std::lock_guard lock(mutex);
      changed.insert(changes.repositories.begin(), changes.repositories.end());
    });
    hooks.synced = [this] {
      const std::lock_guard lock(mutex);
      ++syncs;
    };
    hooks.trouble = [this](const std::string& message) {
      const std::lock_guard lock(mutex);
      troubles.push_back(message);
    };
    reflector.emplace(api, clock, how, std::move(hooks));
    reflector->start();
  }
  std::size_t whole_lists() {
    const std::lock_guard lock(mutex);
    return syncs;
  }
  std::vector<std::string> told() {
    const std::lock_guard lock(mutex);
    return troubles;
  }
  // Whether the index is what a list tells now.
  bool is_equal_to_a_fresh_list() {
    KubeIndex fresh("prod");
    auto page = read_list_page(KubeKind::deployment, cluster.whole_list());
    fresh.replace(KubeKind::deployment, "", page->objects, page->version);
    if (fresh.size() != index.size()) return false;
    for (const auto& workload : fresh.all()) {
      const auto here = index.find(workload->id);
      const auto there = fresh.find(workload->id);
      if (!here || here->version != there->version || here->containers != there->containers) {
        return false;
      }
    }
    return true;
  }
};

}  // namespace longshore::test
