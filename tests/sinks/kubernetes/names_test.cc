// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/names.h"

#include <atomic>

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/reflector_fixture.h"
#include "tests/support/eventually.h"

using namespace longshore;
using namespace longshore::test;

using Names = std::set<std::string>;

TEST_CASE("KubeNames knows the namespaces that match", "[sinks][kubernetes]") {
  ClusterFixture at;
  at.cluster.apply("shop", "none");
  at.cluster.apply("web", "none");
  std::mutex mutex;
  std::vector<Names> told;
  KubeNames namespaces(at.api, at.clock, quick(namespace_options("team=shop,stage!=test")),
                       {.on_change = [&](const Names& names) {
                         const std::lock_guard lock(mutex);
                         told.push_back(names);
                       }});
  namespaces.start();
  REQUIRE(eventually([&] { return namespaces.state().synced; }));
  CHECK(namespaces.names() == Names{"shop", "web"});
  CHECK(namespaces.has("shop"));
  CHECK_FALSE(namespaces.has("other"));
  at.cluster.apply("web", "none");  // no other names
  at.cluster.apply("new", "none");
  at.cluster.remove("shop");
  REQUIRE(eventually([&] { return namespaces.names() == Names{"new", "web"}; }));
  namespaces.stop();
  CHECK(told == std::vector<Names>{{"shop", "web"}, {"new", "shop", "web"}, {"new", "web"}});
  CHECK(at.asked("/api/v1/namespaces?limit=500&labelSelector=team%3dshop%2cstage%21%3dtest") == 1);
}

TEST_CASE("KubeNames tells that there are none", "[sinks][kubernetes]") {
  ClusterFixture at;
  std::atomic<int> told = 0;
  KubeNames namespaces(at.api, at.clock, quick(namespace_options("team=shop")),
                       {.on_change = [&](const Names& names) {
                         if (names.empty()) ++told;
                       }});
  namespaces.start();
  REQUIRE(eventually([&] { return told == 1; }));
  namespaces.stop();
  CHECK(namespaces.names().empty());
}

TEST_CASE("A kind that the cluster does not have is said, and is no list", "[sinks][kubernetes]") {
  ClusterFixture at;
  at.cluster.next_list(
      [](const StubRequest&) { return StubReply{.status = 404, .body = "404 page not found\n"}; });
  std::atomic<int> told = 0;
  std::atomic<int> states = 0;
  KubeNames names(at.api, at.clock, quick(application_options()),
                  {.on_change = [&](const Names&) { ++told; }, .on_state = [&] { ++states; }});
  names.start();
  REQUIRE(eventually([&] { return states == 1; }));
  CHECK(names.state().refused);
  CHECK_FALSE(names.state().synced);
  CHECK(names.state().trouble == "there are no applications.argoproj.io in this cluster");
  CHECK(told == 0);
  names.retry_now();
  CHECK(eventually([&] { return names.state().synced && !names.state().refused; }));
  names.stop();
}
