// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/namespaces.h"

#include <atomic>

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/reflector_fixture.h"
#include "tests/support/eventually.h"

using namespace longshore;
using namespace longshore::test;

using Names = std::set<std::string>;

TEST_CASE("KubeNamespaces knows the namespaces that match", "[sinks][kubernetes]") {
  ClusterFixture at;
  at.cluster.apply("shop", "none");
  at.cluster.apply("web", "none");
  std::mutex mutex;
  std::vector<Names> told;
  KubeNamespaces namespaces(at.api, at.clock, quick(namespace_options("team=shop,stage!=test")),
                            [&](const Names& names) {
                              const std::lock_guard lock(mutex);
                              told.push_back(names);
                            });
  namespaces.start();
  REQUIRE(eventually([&] { return namespaces.state().synced; }));
  CHECK(namespaces.names() == Names{"shop", "web"});
  at.cluster.apply("web", "none");  // no other names
  at.cluster.apply("new", "none");
  at.cluster.remove("shop");
  REQUIRE(eventually([&] { return namespaces.names() == Names{"new", "web"}; }));
  namespaces.stop();
  CHECK(told == std::vector<Names>{{"shop", "web"}, {"new", "shop", "web"}, {"new", "web"}});
  CHECK(at.asked("/api/v1/namespaces?limit=500&labelSelector=team%3dshop%2cstage%21%3dtest") == 1);
}

TEST_CASE("KubeNamespaces tells that there are none", "[sinks][kubernetes]") {
  ClusterFixture at;
  std::atomic<int> told = 0;
  KubeNamespaces namespaces(at.api, at.clock, quick(namespace_options("team=shop")),
                            [&](const Names& names) {
                              if (names.empty()) ++told;
                            });
  namespaces.start();
  REQUIRE(eventually([&] { return told == 1; }));
  namespaces.stop();
  CHECK(namespaces.names().empty());
}
