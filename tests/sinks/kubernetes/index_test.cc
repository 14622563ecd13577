// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/index.h"

#include <catch2/catch.hpp>
#include <malloc.h>

using longshore::KubeIndex;
using longshore::KubeKind;
using longshore::KubeObject;
using longshore::KubeObjectPtr;
using longshore::Repository;

namespace {

using Names = std::set<std::string>;

KubeObject deployment(const std::string& name, const std::string& image, std::uint64_t version,
                      const std::string& space = "shop") {
  KubeObject object;
  object.space = space;
  object.name = name;
  object.uid = name;
  object.version = version;
  object.containers = {{.name = "app", .image = image}};
  return object;
}

KubeObjectPtr shared(KubeObject object) {
  return std::make_shared<const KubeObject>(std::move(object));
}

Repository repository(const std::string& name) {
  return *Repository::parse(name);
}

Names names(const std::set<Repository>& repositories) {
  Names result;
  for (const Repository& each : repositories)
    result.insert(std::string(each.path()));
  return result;
}

// "web=a/b:1" of every workload with that repository.
Names found(const KubeIndex& index, const std::string& name) {
  Names result;
  for (const auto& workload : index.of(repository(name)))
    result.insert(workload->id + "=" + workload->containers.at(0).image.str());
  return result;
}

}  // namespace

TEST_CASE("KubeIndex finds workloads by repository and by id", "[sinks][kubernetes]") {
  KubeIndex index("prod");
  CHECK(names(index.put(deployment("web", "a/b:1", 1)).repositories) == Names{"a/b"});
  index.put(deployment("api", "a/b:2", 2));
  index.put(deployment("other", "a/c:2", 3));
  CHECK(found(index, "a/b") == Names{"Deployment shop/api=a/b:2", "Deployment shop/web=a/b:1"});
  CHECK(found(index, "a/d").empty());
  CHECK(index.size() == 3);
  CHECK(index.all().size() == 3);
  CHECK(index.all().at(0)->target == "prod");
  REQUIRE(index.find("Deployment shop/web"));
  CHECK(index.find("Deployment shop/web")->version == 1);
  CHECK_FALSE(index.find("Deployment shop/none"));
}

TEST_CASE("KubeIndex tells of a new image both where it was and is", "[sinks][kubernetes]") {
  KubeIndex index("prod");
  index.put(deployment("web", "a/b:1", 1));
  CHECK(names(index.put(deployment("web", "a/c:1", 2)).repositories) == Names{"a/b", "a/c"});
  CHECK(found(index, "a/b").empty());
  CHECK(found(index, "a/c") == Names{"Deployment shop/web=a/c:1"});
}

TEST_CASE("KubeIndex tells of an annotation, and not of what we do not see",
          "[sinks][kubernetes]") {
  KubeIndex index("prod");
  index.put(deployment("web", "a/b:1", 1));
  KubeObject same = deployment("web", "a/b:1", 2);
  CHECK(index.put(same).empty());
  CHECK(index.find("Deployment shop/web")->version == 2);
  same.version = 3;
  same.annotations = {{"longshore.dev/policy", "semver"}};
  const auto changes = index.put(same);
  CHECK(names(changes.repositories) == Names{"a/b"});
  CHECK(changes.moved.empty());
}

TEST_CASE("KubeIndex tells of a new image, and not of what the other containers run",
          "[sinks][kubernetes]") {
  KubeIndex index("prod");
  KubeObject web = deployment("web", "a/b:1", 1);
  web.containers.push_back({.name = "proxy", .image = "a/proxy:1", .position = 1});
  CHECK(names(index.put(web).repositories) == Names{"a/b", "a/proxy"});
  web.version = 2;
  web.containers[0].image = "a/b:2";
  CHECK(names(index.put(web).repositories) == Names{"a/b"});
  web.version = 3;
  web.annotations = {{"longshore.dev/policy", "semver"}};
  web.containers[0].image = "a/b:3";
  CHECK(names(index.put(web).repositories) == Names{"a/b", "a/proxy"});
  web.version = 4;
  web.containers.pop_back();
  CHECK(names(index.put(web).repositories) == Names{"a/proxy"});
  CHECK(index.of(repository("a/proxy")).empty());
  CHECK(found(index, "a/b") == Names{"Deployment shop/web=a/b:3"});
}

TEST_CASE("KubeIndex does not tell of the images that are expected", "[sinks][kubernetes]") {
  const std::string id = "Deployment shop/web";
  const auto web = [](const char* app, const char* proxy, std::uint64_t version) {
    KubeObject object = deployment("web", app, version);
    object.containers.push_back({.name = "proxy", .image = proxy, .position = 1});
    return object;
  };
  KubeIndex index("prod");
  index.put(web("a/b:1", "a/p:1", 1));
  index.expect(id, {{"app", "a/b:2"}});
  CHECK(index.put(web("a/b:2", "a/p:1", 2)).repositories.empty());
  CHECK(found(index, "a/b") == Names{id + "=a/b:2"});
  // Another image, another container, another workload: somebody else's.
  CHECK(names(index.put(web("a/b:3", "a/p:1", 3)).repositories) == Names{"a/b"});
  CHECK(names(index.put(web("a/b:2", "a/p:2", 4)).repositories) == Names{"a/b", "a/p"});
  index.put(deployment("api", "a/b:1", 5));
  CHECK(names(index.put(deployment("api", "a/b:2", 6)).repositories) == Names{"a/b"});
  index.put(web("a/b:1", "a/p:2", 7));
  index.forget_expected(id);
  CHECK(names(index.put(web("a/b:2", "a/p:2", 8)).repositories) == Names{"a/b"});
}

TEST_CASE("KubeIndex tells of a rollout that moved, without a repository", "[sinks][kubernetes]") {
  KubeIndex index("prod");
  index.put(deployment("web", "a/b:1", 1));
  KubeObject next = deployment("web", "a/b:1", 2);
  next.progress.updated = 1;
  const auto changes = index.put(next);
  CHECK(changes.repositories.empty());
  CHECK(changes.moved == Names{"Deployment shop/web"});
}

TEST_CASE("KubeIndex keeps the later of two states, whoever brings it", "[sinks][kubernetes]") {
  KubeIndex index("prod");
  index.put(deployment("web", "a/b:2", 5));
  CHECK(index.put(deployment("web", "a/b:1", 4)).empty());
  CHECK(found(index, "a/b") == Names{"Deployment shop/web=a/b:2"});
  CHECK(
      index.replace(KubeKind::deployment, "", {shared(deployment("web", "a/b:1", 3))}, 4).empty());
  CHECK(index.replace(KubeKind::deployment, "", {}, 4).empty());
  CHECK(index.remove("Deployment shop/web", 4).empty());
  CHECK(found(index, "a/b") == Names{"Deployment shop/web=a/b:2"});
  CHECK(names(index.remove("Deployment shop/web", 6).repositories) == Names{"a/b"});
  CHECK(index.size() == 0);
}

TEST_CASE("KubeIndex brings nothing back that is known to be gone", "[sinks][kubernetes]") {
  KubeIndex index("prod");
  index.put(deployment("web", "a/b:1", 1));
  index.remove("Deployment shop/web", 7);
  CHECK(index.put(deployment("web", "a/b:2", 6)).empty());
  CHECK(index.size() == 0);
  // Made anew.
  CHECK_FALSE(index.put(deployment("web", "a/b:2", 8)).empty());
  CHECK(index.size() == 1);
}

TEST_CASE("KubeIndex replaces one kind in one namespace and nothing else", "[sinks][kubernetes]") {
  KubeIndex index("prod");
  index.put(deployment("web", "a/web:1", 1));
  index.put(deployment("api", "a/api:1", 2));
  index.put(deployment("web", "a/far:1", 3, "shop-2"));
  KubeObject set = deployment("db", "a/db:1", 4);
  set.kind = KubeKind::stateful_set;
  index.put(set);
  const auto changes = index.replace(
      KubeKind::deployment, "shop",
      {shared(deployment("web", "a/web:1", 1)), shared(deployment("new", "a/new:1", 5))}, 9);
  CHECK(names(changes.repositories) == Names{"a/api", "a/new"});
  CHECK(changes.moved == Names{"Deployment shop/api"});
  CHECK(index.size() == 4);
  CHECK(names(index.replace(KubeKind::deployment, "", {}, 10).repositories) ==
        Names{"a/web", "a/new", "a/far"});
  CHECK(index.size() == 1);
}

TEST_CASE("KubeIndex begins versions anew when it is told to forget", "[sinks][kubernetes]") {
  KubeIndex index("prod");
  index.put(deployment("web", "a/b:9", 900));
  index.put(deployment("web", "a/b:9", 901, "other"));
  index.forget(KubeKind::deployment, "shop");
  CHECK(index.size() == 1);
  const auto changes =
      index.replace(KubeKind::deployment, "shop", {shared(deployment("web", "a/b:1", 5))}, 6);
  CHECK(names(changes.repositories) == Names{"a/b"});
  CHECK(found(index, "a/b") == Names{"Deployment shop/web=a/b:1", "Deployment other/web=a/b:9"});
}

TEST_CASE("KubeIndex says what it cannot read, a few at a time", "[sinks][kubernetes]") {
  KubeIndex index("prod");
  index.put(deployment("a", "UPPER:1", 1));
  index.put(deployment("b", "UPPER:1", 2));
  KubeObject broken = deployment("c", "", 3);
  broken.containers.clear();
  broken.fault = "spec.replicas: is no count";
  index.put(broken);
  CHECK(index.problems(10).size() == 3);
  CHECK(index.problems(2).size() == 2);
  CHECK(index.problems(10).at(2) == "Deployment shop/c: spec.replicas: is no count");
  CHECK(index.all().empty());
  index.put(deployment("a", "a/b:1", 4));
  CHECK(index.problems(10).size() == 2);
}

TEST_CASE("KubeIndex keeps a workload of two containers in 1.6 kB", "[sinks][kubernetes]") {
  constexpr std::size_t kCount = 20'000;
  KubeIndex index("prod");
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::string name = "checkout-service-" + std::to_string(i);
    const std::string team = "team-" + std::to_string(i % 50);
    auto object = longshore::read_kube_object(
        KubeKind::deployment,
        R"({"metadata":{"name":")" + name + R"(","namespace":")" + team +
            R"(","uid":"0c9c4f3c-7d0f-4a53-9e0b-7b0f8f3f6b55","resourceVersion":")" +
            std::to_string(i + 1) +
            R"(","generation":3,"annotations":{"longshore.dev/policy":"semver:~1.4"}},)"
            R"("spec":{"replicas":3,"selector":{"matchLabels":{"app.kubernetes.io/name":")" +
            name +
            R"("}},"template":{"spec":{"serviceAccountName":"checkout","containers":[)"
            R"({"name":"app","image":"registry.example.com/)" +
            team + "/" + name +
            R"(:1.4.2"},{"name":"proxy","image":"registry.example.com/mesh/proxy:1.30.1"}]}}}})");
    REQUIRE(object);
    index.put(*std::move(object));
  }
  REQUIRE(index.size() == kCount);
  const std::size_t each = (mallinfo2().uordblks - before) / kCount;
  CAPTURE(each);
  CHECK(each <= 1600);
}
