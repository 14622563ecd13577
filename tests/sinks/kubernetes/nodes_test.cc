// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/nodes.h"

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/fake_api.h"

using namespace longshore;
using namespace longshore::test;
using Catch::Matchers::Contains;

namespace {

using Platforms = std::set<std::string>;

Json node(const std::string& system, const std::string& architecture) {
  return {{"metadata",
           {{"labels", {{"kubernetes.io/os", system}, {"kubernetes.io/arch", architecture}}}}}};
}

struct Fixture {
  FakeApi server;
  HttpClient client;
  KubeApi api{server.options, client, server.clock};
  KubeRights rights;
  KubeNodes nodes{api, rights, server.clock};
  KubeObject object = object_with({});
  int lists = 0;

  void have(const Json& items) {
    server.intercept([this, items](const StubRequest&) {
      ++lists;
      return StubReply{.body = Json{{"items", items}}.dump()};
    });
  }
};

}  // namespace

TEST_CASE("The platforms are those of the nodes that the selector leaves", "[sinks][kubernetes]") {
  Fixture f;
  f.have({node("linux", "amd64"),
          node("linux", "arm64"),
          node("windows", "amd64"),
          {{"metadata", {{"name", "without labels"}}}}});
  CHECK(f.nodes.platforms(f.object, {}) ==
        Platforms{"linux/amd64", "linux/arm64", "windows/amd64"});
  f.object.platform = "linux/";
  CHECK(f.nodes.platforms(f.object, {}) == Platforms{"linux/amd64", "linux/arm64"});
  f.object.platform = "/amd64";
  CHECK(f.nodes.platforms(f.object, {}) == Platforms{"linux/amd64", "windows/amd64"});
  f.object.platform = "linux/s390x";
  CHECK(f.nodes.platforms(f.object, {}).empty());
  CHECK(f.lists == 1);
  f.server.clock.advance(std::chrono::seconds{61});
  CHECK(f.nodes.platforms(f.object, {}).empty());
  CHECK(f.lists == 2);
}

TEST_CASE("Without the right to list nodes nothing is known of them, and it is said once",
          "[sinks][kubernetes]") {
  Fixture f;
  f.server.intercept([](const StubRequest&) {
    return StubReply{.status = 403, .body = status_of(403, "nodes is forbidden")};
  });
  CHECK(f.nodes.platforms(f.object, {}).empty());
  REQUIRE(f.rights.problems().size() == 1);
  CHECK_THAT(f.rights.problems().front(), Contains("'platform'") && Contains("list nodes"));
}
