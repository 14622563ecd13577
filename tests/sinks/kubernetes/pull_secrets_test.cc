// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/pull_secrets.h"

#include <algorithm>
#include <atomic>

#include <catch2/catch.hpp>

#include "pipeline/crypto.h"
#include "tests/sinks/kubernetes/fake_api.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Read = LoginQuestion::Read;

namespace {

const std::string kImage = "hub.example.com/acme/shop:1.0";

std::string path(const std::string& plural, const std::string& name,
                 const std::string& space = "shop") {
  return "/api/v1/namespaces/" + space + "/" + plural + "/" + name;
}

// The `auths` of one host, as that user.
Json auths(const std::string& user, const std::string& host = "hub.example.com") {
  return Json{{host, {{"auth", to_base64(user + ":hidden")}}}};
}

Json secret(const std::string& user) {
  return Json{{"type", "kubernetes.io/dockerconfigjson"},
              {"data", {{".dockerconfigjson", to_base64(Json{{"auths", auths(user)}}.dump())}}}};
}

Json account(const std::vector<std::string>& secrets) {
  Json list = Json::array();
  for (const std::string& name : secrets)
    list.push_back({{"name", name}});
  return Json{{"imagePullSecrets", list}};
}

struct Fixture {
  FakeApi server;
  HttpClient client;
  KubeApi api{server.options, client, server.clock};
  KubeIndex index{"prod"};
  KubeRights rights;
  PullSecrets secrets{api, index, rights, server.clock};

  // A workload that runs kImage.
  void add(const std::string& name, const std::vector<std::string>& pull_secrets,
           const std::string& service_account = "", const std::string& space = "shop") {
    KubeObject object = object_with({{.name = "app", .image = kImage}});
    object.name = name;
    object.space = space;
    object.pull_secrets = pull_secrets;
    object.service_account = service_account;
    index.put(std::move(object));
  }
  // The user names that are found, sorted.
  std::vector<std::string> users(Read read = Read::kept, const std::string& of = kImage) {
    std::vector<std::string> names;
    for (const Login& login : secrets.find({image(of).repository(), read, patient()}))
      names.push_back(login.credentials.username);
    std::sort(names.begin(), names.end());
    return names;
  }
  static CallScope patient() { return {std::chrono::steady_clock::now() + 60s, {}}; }
  std::string problems() {
    std::string all;
    for (const std::string& line : rights.problems())
      all += line + "\n";
    return all;
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("A workload's secrets are read, of both types and of its namespace",
          "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.server.put(path("secrets", "new"), secret("new"));
  fixture.server.put(path("secrets", "old"),
                     Json{{"type", "kubernetes.io/dockercfg"},
                          {"data", {{".dockercfg", to_base64(auths("old").dump())}}}});
  fixture.server.put(path("secrets", "new", "other"), secret("of another namespace"));
  fixture.add("web", {"new", "old", "absent"});
  CHECK(fixture.users() == Names{"new", "old"});
  CHECK(fixture.users(Read::kept, "hub.example.com/acme/else:1.0").empty());
  const auto logins =
      fixture.secrets.find({image(kImage).repository(), Read::kept, Fixture::patient()});
  CHECK(logins.front() == Login{"hub.example.com", {"new", "hidden", {}}});
  CHECK(fixture.problems().empty());
}

TEST_CASE("A workload that names no secret has those of its service account",
          "[sinks][kubernetes]") {
  Fixture fixture;
  for (const char* name : {"own", "builder", "usual"})
    fixture.server.put(path("secrets", name), secret(name));
  fixture.server.put(path("serviceaccounts", "builder"), account({"builder"}));
  fixture.server.put(path("serviceaccounts", "default"), account({"usual"}));
  SECTION("which is the one it names") {
    fixture.add("web", {}, "builder");
    CHECK(fixture.users() == Names{"builder"});
  }
  SECTION("or the namespace's") {
    fixture.add("web", {});
    CHECK(fixture.users() == Names{"usual"});
  }
  SECTION("and not where it names one") {
    fixture.add("web", {"own"}, "builder");
    CHECK(fixture.users() == Names{"own"});
    CHECK(fixture.server.lines() == Names{"GET " + path("secrets", "own")});
  }
  SECTION("and of all workloads together") {
    fixture.add("web", {"own"}, "builder");
    fixture.add("worker", {}, "builder");
    fixture.add("db", {});
    CHECK(fixture.users() == Names{"builder", "own", "usual"});
  }
}

TEST_CASE("Secrets of other types and broken ones are passed over", "[sinks][kubernetes]") {
  Fixture fixture;
  Json opaque = secret("opaque");
  opaque["type"] = "Opaque";
  fixture.server.put(path("secrets", "opaque"), opaque);
  Json broken = secret("broken");
  broken["data"][".dockerconfigjson"] = "no base64!";
  fixture.server.put(path("secrets", "broken"), broken);
  fixture.server.put(path("secrets", "empty"), Json{{"type", "kubernetes.io/dockerconfigjson"}});
  fixture.server.put(path("secrets", "good"), secret("good"));
  fixture.add("web", {"opaque", "broken", "empty", "good"});
  CHECK(fixture.users() == Names{"good"});
}

TEST_CASE("What a workload calls a secret leads to no other object", "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.server.put(path("secrets", "target", "other"), secret("stolen"));
  fixture.server.put(path("serviceaccounts", "odd"), account({"../../other/secrets/target"}));
  fixture.add("web", {"../../other/secrets/target", "..", "a/b", "a?b", "a%2fb", "A", "",
                      std::string(300, 'a')});
  fixture.add("worker", {}, "../../other/secrets/target");
  fixture.add("builder", {}, "odd");
  CHECK(fixture.users().empty());
  CHECK(fixture.server.lines() == Names{"GET " + path("serviceaccounts", "odd")});
}

TEST_CASE("Secrets are kept for five minutes, and read anew after a refusal",
          "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.server.put(path("secrets", "own"), secret("before"));
  fixture.add("web", {"own", "later"});
  CHECK(fixture.users() == Names{"before"});
  CHECK(fixture.server.requests().size() == 2);
  fixture.server.put(path("secrets", "own"), secret("after"));
  fixture.server.put(path("secrets", "later"), secret("later"));
  SECTION("kept") {
    fixture.server.clock.advance(299s);
    CHECK(fixture.users() == Names{"before"});
    CHECK(fixture.server.requests().size() == 2);
    fixture.server.clock.advance(1s);
    CHECK(fixture.users() == Names{"after", "later"});
  }
  SECTION("refused") {
    fixture.server.clock.advance(5s);
    CHECK(fixture.users(Read::anew) == Names{"after", "later"});
    CHECK(fixture.users(Read::anew) == Names{"after", "later"});
    CHECK(fixture.server.requests().size() == 4);
  }
}

TEST_CASE("A right that is missing is named until it is there, and what may be read is",
          "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.server.put(path("secrets", "mine"), secret("mine"));
  fixture.server.put(path("secrets", "yours"), secret("yours"));
  std::string forbidden = path("secrets", "yours");
  fixture.server.intercept([&](const StubRequest& request) -> std::optional<StubReply> {
    if (request.path() != forbidden) return std::nullopt;
    return StubReply{.status = 403, .body = status_of(403, "secrets is forbidden")};
  });
  SECTION("to the secret of a workload") {
    fixture.add("web", {"mine", "yours"});
    CHECK(fixture.users() == Names{"mine"});
    CHECK(fixture.problems() ==
          "feature 'pull-secrets' is off: no right to get secrets in namespace shop (secrets is "
          "forbidden)\n");
    forbidden.clear();
    CHECK(fixture.users() == Names{"mine", "yours"});
  }
  SECTION("to a service account") {
    forbidden = path("serviceaccounts", "default");
    fixture.server.put(forbidden, account({"yours"}));
    fixture.add("web", {"mine"});
    fixture.add("worker", {});
    CHECK(fixture.users() == Names{"mine"});
    CHECK_THAT(fixture.problems(), Contains("get serviceaccounts in namespace shop"));
    forbidden.clear();
    CHECK(fixture.users() == Names{"mine", "yours"});
  }
  CHECK(fixture.problems().empty());
}

TEST_CASE("What was read stays while the API server fails, and a failure is not kept",
          "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.server.put(path("secrets", "own"), secret("own"));
  fixture.add("web", {"own"});
  std::atomic<bool> fails = true;
  fixture.server.intercept([&](const StubRequest&) -> std::optional<StubReply> {
    if (!fails) return std::nullopt;
    return StubReply{.status = 500, .body = status_of(500, "etcd is away")};
  });
  CHECK(fixture.users().empty());
  fails = false;
  CHECK(fixture.users() == Names{"own"});
  fails = true;
  CHECK(fixture.users() == Names{"own"});
  CHECK(fixture.problems().empty());
}

TEST_CASE("One question reads twenty secrets at most", "[sinks][kubernetes]") {
  Fixture fixture;
  for (int i = 0; i < 15; ++i) {
    const std::string name = "secret-" + std::to_string(i);
    fixture.server.put(path("secrets", name), secret(name));
    fixture.server.put(path("secrets", name, "other"), secret("other-" + name));
    fixture.add("web-" + std::to_string(i), {name});
    fixture.add("web-" + std::to_string(i), {name}, "", "other");
  }
  CHECK(fixture.users().size() == 20);
  CHECK(fixture.server.requests().size() == 20);
}
