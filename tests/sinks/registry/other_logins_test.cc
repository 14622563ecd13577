// SPDX-License-Identifier: Apache-2.0
//
// Registries that are asked with what others know of them (pull secrets of a cluster).
#include <atomic>
#include <set>

#include <catch2/catch.hpp>

#include "pipeline/url_text.h"
#include "tests/sinks/registry/registry_fixture.h"

using namespace longshore;
using namespace longshore::test;
using Catch::Matchers::Contains;

namespace {

std::string basic(const std::string& user) {
  return "Basic " + to_base64(user + ":secret");
}

// What others know, and how often they were asked.
struct Others : RegistryFixture {
  std::vector<Login> kept;
  std::vector<Login> anew;
  std::atomic<int> asked = 0;
  std::atomic<int> asked_anew = 0;

  FindLogins find() {
    return [this](const LoginQuestion& question) {
      ++asked;
      if (question.read == LoginQuestion::Read::kept) return kept;
      ++asked_anew;
      return anew;
    };
  }
  std::unique_ptr<RegistryClient> client() {
    return std::make_unique<RegistryClient>(options, http, clock, find());
  }
  // As that user, everywhere on that registry unless there is a path.
  static Login login(const HttpStub& stub, const std::string& user, const std::string& path = "") {
    return {stub.host() + path, {user, "secret", {}}};
  }
};

// The Authorization of each request, without those that had none.
std::vector<std::string> given(const HttpStub& stub) {
  std::vector<std::string> fields;
  for (const StubRequest& request : stub.requests())
    if (auto field = request.field("Authorization"); !field.empty()) fields.push_back(field);
  return fields;
}

// A registry that wants each repository's own user, by the last part of its path.
StubReply own_users(const StubRequest& request) {
  const std::string field = request.field("Authorization");
  for (const std::string user : {"one", "two"}) {
    if (request.target.find("/" + user + "/") != std::string::npos && field == basic(user)) {
      return manifest_reply();
    }
  }
  return challenge("Basic realm=\"hub\"");
}

}  // namespace

TEST_CASE("A registry gets the login of the path that is read", "[sinks][registry]") {
  HttpStub hub(own_users);
  Others others;
  others.add(hub);
  others.kept = {others.login(hub, "one", "/acme/one"), others.login(hub, "two", "/acme/two")};
  const auto client = others.client();
  CHECK(client->head_manifest(repository(hub, "acme/one"), tag()));
  CHECK(client->head_manifest(repository(hub, "acme/two"), tag()));
  CHECK(given(hub) == std::vector{basic("one"), basic("two")});
  const auto refused = client->head_manifest(repository(hub, "acme/three"), tag());
  CHECK(refused.error().code == Errc::unauthorized);
  CHECK(given(hub).size() == 2);
}

TEST_CASE("After a wrong login the next one is tried, and then first", "[sinks][registry]") {
  std::atomic<int> status = 401;
  HttpStub hub([&](const StubRequest& request) {
    const std::string field = request.field("Authorization");
    if (field == basic("right")) return manifest_reply();
    if (status == 403 && !field.empty()) return reply(403);
    return challenge("Basic realm=\"hub\"");
  });
  SECTION("refused with 401") {
    status = 401;
  }
  SECTION("refused with 403") {
    status = 403;
  }
  Others others;
  others.add(hub);
  others.kept = {others.login(hub, "right"), others.login(hub, "wrong", "/acme")};
  const auto client = others.client();
  CHECK(client->head_manifest(repository(hub), tag()));
  CHECK(given(hub) == std::vector{basic("wrong"), basic("right")});
  CHECK(client->head_manifest(repository(hub), tag()));
  CHECK(given(hub) == std::vector{basic("wrong"), basic("right"), basic("right")});
  CHECK(others.asked_anew == 0);
}

TEST_CASE("Logins that are all refused are looked up anew, once", "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    if (request.field("Authorization") == basic("new")) return manifest_reply();
    return challenge("Basic realm=\"hub\"");
  });
  Others others;
  others.add(hub);
  others.kept = {others.login(hub, "old")};
  SECTION("and there is another one") {
    others.anew = {others.login(hub, "old"), others.login(hub, "new")};
    CHECK(others.client()->head_manifest(repository(hub), tag()));
    CHECK(given(hub) == std::vector{basic("old"), basic("new")});
  }
  SECTION("and there is none") {
    others.anew = others.kept;
    const auto refused = others.client()->head_manifest(repository(hub), tag());
    CHECK(refused.error().code == Errc::unauthorized);
    CHECK_THAT(refused.error().message,
               Contains("refuses the user name") && !Contains("old") && !Contains("secret"));
    CHECK(given(hub) == std::vector{basic("old")});
  }
  CHECK(others.asked_anew == 1);
}

TEST_CASE("A plain 403 to the last login is the registry's word", "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    return request.field("Authorization").empty() ? challenge("Basic realm=\"hub\"") : reply(403);
  });
  Others others;
  others.add(hub);
  others.kept = others.anew = {others.login(hub, "one"), others.login(hub, "two")};
  const auto refused = others.client()->head_manifest(repository(hub), tag());
  CHECK(refused.error().code == Errc::unauthorized);
  CHECK_THAT(refused.error().message, Contains("answers 403"));
  CHECK(given(hub) == std::vector{basic("one"), basic("two")});
}

TEST_CASE("What the configuration says comes before what others know", "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    if (request.field("Authorization") == basic("other")) return manifest_reply();
    return challenge("Basic realm=\"hub\"");
  });
  Others others;
  RegistryOptions& entry = others.add(hub);
  entry.username = "configured";
  entry.password = "secret";
  others.kept = others.anew = {others.login(hub, "other")};
  CHECK(others.client()->head_manifest(repository(hub), tag()).error().code == Errc::unauthorized);
  CHECK(others.asked == 0);
  CHECK(given(hub) == std::vector{basic("configured")});
}

TEST_CASE("Others are not asked about a registry that asks for nobody", "[sinks][registry]") {
  HttpStub hub([](const StubRequest&) { return manifest_reply(); });
  Others others;
  others.add(hub);
  CHECK(others.client()->head_manifest(repository(hub), tag()));
  CHECK(others.asked == 0);
}

namespace {

// A registry and its token service on another host, which tells by the name of the token who asked.
struct TokenHub {
  std::set<std::string> takes{"Bearer right"};
  HttpStub service{[this](const StubRequest& request) {
    const std::string field = request.field("Authorization");
    if (field == basic("wrong")) return reply(401);
    const std::string who = field.empty() ? "nobody" : field == basic("right") ? "right" : "poor";
    return reply(200, {}, R"({"token":")" + who + R"("})");
  }};
  HttpStub hub{[this](const StubRequest& request) {
    if (takes.contains(request.field("Authorization"))) return manifest_reply();
    return challenge("Bearer realm=\"" + service.url("/token") + "\"");
  }};
};

}  // namespace

TEST_CASE("Each login asks for its own token until one is good enough", "[sinks][registry]") {
  TokenHub registry;
  Others others;
  others.add(registry.hub).auth_hosts = {registry.service.host()};
  others.kept = {others.login(registry.hub, "wrong", "/acme/shop"),
                 others.login(registry.hub, "poor", "/acme"), others.login(registry.hub, "right")};
  const auto client = others.client();
  CHECK(client->head_manifest(repository(registry.hub), tag()));
  CHECK(given(registry.service) == std::vector{basic("wrong"), basic("poor"), basic("right")});
  CHECK(client->head_manifest(repository(registry.hub), tag()));
  CHECK(registry.service.requests().size() == 3);
}

TEST_CASE("Where no login is good, what everybody may read is read", "[sinks][registry]") {
  TokenHub registry;
  registry.takes = {"Bearer nobody"};
  Others others;
  others.add(registry.hub).auth_hosts = {registry.service.host()};
  others.kept = {others.login(registry.hub, "wrong")};
  CHECK(others.client()->head_manifest(repository(registry.hub), tag()));
  CHECK(given(registry.service) == std::vector{basic("wrong")});
}

TEST_CASE("A token service elsewhere is given no login of others, but may be asked without",
          "[sinks][registry]") {
  TokenHub registry;
  Others others;
  others.add(registry.hub).redirect_hosts = {registry.service.host()};
  others.kept = {others.login(registry.hub, "right")};
  SECTION("which is not enough") {
    const auto refused = others.client()->head_manifest(repository(registry.hub), tag());
    CHECK(refused.error().code == Errc::unauthorized);
    CHECK_THAT(refused.error().message, Contains("auth_hosts"));
  }
  SECTION("which is enough") {
    registry.takes = {"Bearer nobody"};
    CHECK(others.client()->head_manifest(repository(registry.hub), tag()));
  }
  CHECK(registry.service.requests().size() == 1);
  CHECK(given(registry.service).empty());
}

TEST_CASE("A login of others makes no private address one that is dialled", "[sinks][registry]") {
  const StubCertificate certificate;
  HttpStub hub([](const StubRequest&) { return manifest_reply(); }, &certificate);
  Others others;
  others.kept = {others.login(hub, "right")};
  const auto refused = others.client()->head_manifest(repository(hub), tag());
  CHECK(refused.error().code == Errc::invalid_input);
  CHECK_THAT(refused.error().message, Contains("not public"));
  CHECK(hub.connections() == 0);
}
