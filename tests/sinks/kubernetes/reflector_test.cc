// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/reflector.h"

#include <algorithm>
#include <atomic>

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/reflector_fixture.h"
#include "tests/support/eventually.h"

using namespace longshore;
using namespace longshore::test;

namespace {

constexpr const char* kPaths = "/apis/apps/v1/deployments?limit=500";

// Synced, everything out of the ordinary used up, and nothing missing.
bool settled(ReflectorFixture& at) {
  return eventually([&] {
    return at.reflector->state().synced && at.cluster.used_up() && at.is_equal_to_a_fresh_list();
  });
}

bool has_listed(ReflectorFixture& at, std::size_t times) {
  return eventually([&] { return at.whole_lists() == times; });
}

StubReply closed() {
  return StubReply{.way = StubReply::Way::closed};
}

StubReply streamed(std::function<bool(const StubReply::Send&)> write) {
  return StubReply{.stream = std::move(write)};
}

FakeCluster::Answer always(StubReply reply) {
  return [reply](const StubRequest&) { return reply; };
}

// Three Deployments, listed and watched.
struct Running : ReflectorFixture {
  Running() {
    cluster.apply("web", "a/web:1");
    cluster.apply("api", "a/api:1");
    cluster.apply("job", "a/job:1");
    start();
    REQUIRE(settled(*this));
    REQUIRE(has_listed(*this, 1));
  }
};

}  // namespace

TEST_CASE("Reflector lists page by page", "[sinks][kubernetes]") {
  ReflectorFixture at;
  for (int i = 0; i < 5; ++i)
    at.cluster.apply("web-" + std::to_string(i), "a/web:1");
  at.how.page = 2;
  at.start();
  REQUIRE(settled(at));
  CHECK(at.index.size() == 5);
  CHECK(at.asked("limit=2") == 3);
  CHECK(at.asked("continue=") == 2);
  CHECK(at.reflector->state().synced_at);
  CHECK(at.told().empty());
}

TEST_CASE("Reflector follows what comes, changes and goes", "[sinks][kubernetes]") {
  Running at;
  at.cluster.apply("web", "a/other:2");
  at.cluster.apply("new", "a/new:1");
  at.cluster.remove("api");
  REQUIRE(settled(at));
  CHECK(at.index.size() == 3);
  CHECK(at.index.find("Deployment shop/web")->containers.at(0).image == "a/other:2");
  CHECK(at.whole_lists() == 1);
  CHECK(at.asked("allowWatchBookmarks=true") == 1);
  CHECK(eventually([&] {
    const std::lock_guard lock(at.mutex);
    return at.changed.size() == 5;
  }));
}

TEST_CASE("Reflector takes up a watch at the last bookmark", "[sinks][kubernetes]") {
  Running at;
  at.cluster.next_watch([&](const StubRequest&) {
    return StubReply{200, {}, at.cluster.bookmark()};
  });
  REQUIRE(eventually([&] { return at.asked("resourceVersion=5&") > 0; }));
  REQUIRE(settled(at));
  CHECK(at.whole_lists() == 1);
}

TEST_CASE("Reflector loses nothing where a line is cut in its middle", "[sinks][kubernetes]") {
  Running at;
  at.cluster.next_watch([&](const StubRequest&) {
    at.cluster.apply("web", "a/web:2");
    return streamed([](const StubReply::Send& send) {
      const auto line = FakeCluster::event("MODIFIED", FakeCluster::object("web", "a/web:2", 5));
      send(line.substr(0, line.size() / 2));
      return false;
    });
  });
  REQUIRE(settled(at));
  CHECK(at.index.find("Deployment shop/web")->containers.at(0).image == "a/web:2");
  CHECK(at.whole_lists() == 1);
  CHECK(eventually([&] { return at.asked("?limit=1") >= 1; }));
}

TEST_CASE("Reflector compares after a watch that ended early", "[sinks][kubernetes]") {
  Running at;
  CHECK(at.asked("?limit=1") == 0);
  at.cluster.next_watch(always(closed()));
  REQUIRE(settled(at));
  CHECK(eventually([&] { return at.asked("?limit=1") >= 1; }));
  CHECK(at.whole_lists() == 1);
}

TEST_CASE("Reflector lists anew where the versions are gone", "[sinks][kubernetes]") {
  Running at;
  SECTION("as an event in a stream") {
    at.cluster.next_watch([&](const StubRequest&) {
      at.cluster.remove("api");
      at.cluster.apply("web", "a/web:2");
      at.cluster.compact();
      return StubReply{};
    });
  }
  SECTION("as a status") {
    at.cluster.next_watch([&](const StubRequest&) {
      at.cluster.remove("api");
      at.cluster.compact();
      return FakeCluster::failure(410, "Gone");
    });
  }
  REQUIRE(settled(at));
  CHECK(has_listed(at, 2));
  CHECK(at.told().empty());
}

TEST_CASE("Reflector stays synced while it lists anew", "[sinks][kubernetes]") {
  Running at;
  std::atomic<int> seen = 0;
  at.cluster.next_watch([&](const StubRequest&) {
    for (int i = 0; i < 3; ++i)
      at.cluster.next_list([&](const StubRequest&) {
        if (at.reflector->state().synced && at.index.size() == 3) ++seen;
        return FakeCluster::failure(500, "etcd is away");
      });
    return FakeCluster::failure(410, "Gone");
  });
  REQUIRE(settled(at));
  CHECK(has_listed(at, 2));
  CHECK(seen == 3);
}

TEST_CASE("Reflector lists anew where a page's token is too old", "[sinks][kubernetes]") {
  ReflectorFixture at;
  at.cluster.apply("web", "a/web:1");
  at.cluster.next_list(
      always(StubReply{200,
                       {},
                       R"({"metadata":{"resourceVersion":"1","continue":"t"},"items":[)" +
                           FakeCluster::object("old", "a/old:1", 1) + "]}"}));
  at.cluster.next_list(
      always(FakeCluster::failure(410, "The provided continue parameter is too old")));
  at.start();
  REQUIRE(settled(at));
  CHECK(at.asked("continue=t") == 1);
  CHECK_FALSE(at.index.find("Deployment shop/old"));
}

TEST_CASE("Reflector waits as long as it is asked to", "[sinks][kubernetes]") {
  ReflectorFixture at;
  at.cluster.next_list(always(FakeCluster::failure(429, "slow down", {{"Retry-After", "3600"}})));
  at.start();
  REQUIRE(eventually([&] { return !at.told().empty(); }));
  CHECK(at.told().at(0) == "the API server answers 429 for deployments.apps: slow down");
  CHECK_FALSE(at.reflector->state().synced);
  CHECK(at.asked(kPaths) == 1);
  at.reflector->retry_now();
  REQUIRE(settled(at));
  CHECK(eventually([&] { return at.told().back().empty(); }));
}

TEST_CASE("Reflector tries again what fails, and says so", "[sinks][kubernetes]") {
  ReflectorFixture at;
  at.cluster.apply("web", "a/web:1");
  at.cluster.next_list(always(FakeCluster::failure(500, "etcd is away")));
  at.cluster.next_list(always(closed()));
  at.cluster.next_list(always(StubReply{200, {}, "<html>"}));
  at.cluster.next_watch(always(FakeCluster::failure(500, "etcd is away")));
  at.cluster.next_watch(always(StubReply{200, {}, "{\"type\":\"ADDED\"\n"}));
  at.cluster.next_watch(always(StubReply{200, {}, "{\"type\":\"MOVED\",\"object\":{}}\n"}));
  at.cluster.next_watch(always(
      StubReply{200, {}, FakeCluster::event("ERROR", R"({"code":500,"message":"etcd is away"})")}));
  at.start();
  REQUIRE(settled(at));
  at.cluster.apply("web", "a/web:2");
  REQUIRE(settled(at));
  CHECK(eventually([&] { return at.reflector->state().trouble.empty(); }));
  const auto told = at.told();
  CHECK(told.at(0) == "the API server answers 500 for deployments.apps: etcd is away");
  CHECK(std::any_of(told.begin(), told.end(), [](const std::string& message) {
    return message.starts_with("cannot read the watch of deployments.apps: type: is none of ");
  }));
}

TEST_CASE("Reflector finds a server that was restored to an older state", "[sinks][kubernetes]") {
  Running at;
  for (int i = 2; i < 20; ++i)
    at.cluster.apply("web", "a/web:" + std::to_string(i));
  REQUIRE(settled(at));
  at.cluster.restore({{"web", "a/web:1"}, {"old", "a/old:1"}});
  REQUIRE(settled(at));
  CHECK(has_listed(at, 2));
  CHECK(at.index.find("Deployment shop/web")->version == 3);
  // What is written there from now on counts, though its versions are below the old ones.
  at.cluster.apply("web", "a/web:5");
  REQUIRE(settled(at));
  CHECK(at.index.find("Deployment shop/web")->version == 4);
}

TEST_CASE("Reflector believes a server that says we are ahead", "[sinks][kubernetes]") {
  Running at;
  const std::string ahead =
      R"({"kind":"Status","status":"Failure","message":"Timeout: Too large resource version: 9",)"
      R"("details":{"causes":[{"reason":"ResourceVersionTooLarge"}]},"code":504})";
  std::atomic<bool> was_synced = true;
  at.cluster.next_list(always(StubReply{504, {}, ahead}));
  at.cluster.next_list([&](const StubRequest&) {
    was_synced = at.reflector->state().synced;
    return FakeCluster::failure(500, "etcd is away");
  });
  at.cluster.next_watch(always(closed()));
  REQUIRE(settled(at));
  CHECK_FALSE(was_synced);
  CHECK(has_listed(at, 2));
}

TEST_CASE("Reflector compares from time to time", "[sinks][kubernetes]") {
  ReflectorFixture at;
  at.cluster.apply("web", "a/web:1");
  at.how.compare = std::chrono::seconds{1};
  at.start();
  REQUIRE(settled(at));
  REQUIRE(eventually([&] { return at.asked("?limit=1") > 1; }));
  CHECK(at.whole_lists() == 1);
}

TEST_CASE("Reflector names the right that it lacks, and waits for it", "[sinks][kubernetes]") {
  ReflectorFixture at;
  at.cluster.apply("web", "a/web:1");
  at.cluster.next_list(always(FakeCluster::failure(403, "deployments.apps is forbidden")));
  at.start();
  REQUIRE(eventually([&] { return at.reflector->state().refused; }));
  CHECK(at.reflector->state().trouble ==
        "may not list deployments in all namespaces: needs list and watch on deployments.apps");
  CHECK_FALSE(at.reflector->state().synced);
  CHECK(at.asked(kPaths) == 1);
  at.reflector->retry_now();
  REQUIRE(settled(at));
  CHECK(eventually([&] { return !at.reflector->state().refused && at.told().back().empty(); }));
}

TEST_CASE("Reflector says when it may list but not watch", "[sinks][kubernetes]") {
  ReflectorFixture at;
  at.how = quick(reflector_options(KubeKind::cron_job, "shop"));
  at.cluster.next_watch(always(FakeCluster::failure(403, "forbidden")));
  at.cluster.next_watch(always(FakeCluster::failure(401, "Unauthorized")));
  at.start();
  const auto trouble = [&] { return at.reflector->state().trouble; };
  REQUIRE(eventually([&] { return !trouble().empty(); }));
  CHECK(trouble() ==
        "may not watch cronjobs in namespace shop: needs list and watch on cronjobs.batch");
  CHECK(at.asked("/apis/batch/v1/namespaces/shop/cronjobs?watch=1&") == 1);
  at.reflector->retry_now();
  REQUIRE(eventually([&] { return trouble().find("401") != std::string::npos; }));
  at.reflector->retry_now();
  at.cluster.apply("web", "a/web:1");
  CHECK(eventually([&] { return trouble().empty(); }));
}

TEST_CASE("Reflector ends soon whatever it waits for", "[sinks][kubernetes]") {
  ReflectorFixture at;
  SECTION("a list") {
    at.cluster.next_list(always(StubReply{.way = StubReply::Way::silent}));
    at.start();
    REQUIRE(eventually([&] { return at.asked(kPaths) == 1; }));
  }
  SECTION("a watch") {
    at.start();
    REQUIRE(eventually([&] { return at.asked("watch=1") == 1; }));
  }
  SECTION("a right") {
    at.cluster.next_list(always(FakeCluster::failure(403, "forbidden")));
    at.start();
    REQUIRE(eventually([&] { return at.reflector->state().refused; }));
  }
  at.reflector->stop();
  const std::size_t asked = at.asked("/");
  at.cluster.apply("web", "a/web:1");
  at.reflector->stop();
  CHECK(at.asked("/") == asked);
  CHECK(at.index.size() == 0);
}
