// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include <catch2/catch.hpp>

#include "pipeline/url_text.h"
#include "tests/sinks/registry/registry_fixture.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

// A registry that takes the last token of its token service for the repository that it was given
// for, and nothing else.
class TokenRegistry {
 public:
  TokenRegistry()
      : service([this](const StubRequest& request) { return issue(request); }),
        hub([this](const StubRequest& request) { return serve(request); }) {}

  // What the token service says; $ is the number of the token.
  std::string token_body = R"({"token":"token-$","expires_in":300})";
  std::string realm;  // empty: the service's own
  std::atomic<int> issued = 0;
  std::atomic<bool> grants = true;

  HttpStub service;
  HttpStub hub;

 private:
  StubReply issue(const StubRequest&) {
    std::string body = token_body;
    const std::string number = std::to_string(++issued);
    if (const std::size_t at = body.find('$'); at != std::string::npos) body.replace(at, 1, number);
    return reply(200, {{"Content-Type", "application/json"}}, body);
  }
  StubReply serve(const StubRequest& request) {
    const std::string token = "Bearer token-" + std::to_string(issued);
    if (grants && request.field("Authorization") == token) return manifest_reply();
    return challenge("Bearer realm=\"" + (realm.empty() ? service.url("/token?x=1") : realm) +
                     "\",service=\"the registry\",scope=\"repository:other:push\"");
  }
};

struct TokenFixture : RegistryFixture {
  TokenRegistry registry;
  RegistryOptions& entry = add(registry.hub);

  Result<ManifestHead> ask(RegistryClient& client, const std::string& path = "acme/shop") {
    return client.head_manifest(repository(registry.hub, path), tag());
  }
};

}  // namespace

TEST_CASE("Basic credentials are sent when a registry asks for them, and then at once",
          "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    if (request.field("Authorization") == "Basic dTpw") return manifest_reply();
    return challenge("Basic realm=\"hub\"");
  });
  RegistryFixture fixture;
  RegistryOptions& entry = fixture.add(hub);
  const auto none = fixture.client()->head_manifest(repository(hub), tag());
  CHECK(none.error().code == Errc::unauthorized);
  CHECK_THAT(none.error().message, Contains("none are configured"));
  CHECK(hub.requests().front().field("Authorization").empty());
  entry.username = "u";
  entry.password = "wrong";
  const auto wrong = fixture.client()->head_manifest(repository(hub), tag());
  CHECK(wrong.error().code == Errc::unauthorized);
  CHECK_THAT(wrong.error().message, Contains("refuses the user name") && !Contains("wrong"));
  entry.password = "p";
  const auto client = fixture.client();
  const std::size_t before = hub.requests().size();
  for (int i = 0; i < 3; ++i)
    CHECK(client->head_manifest(repository(hub), tag()));
  CHECK(hub.requests().size() == before + 4);
}

TEST_CASE("A token is asked for what is read, and used until it ends", "[sinks][registry]") {
  TokenFixture fixture;
  fixture.entry.username = "robot";
  fixture.entry.password = "secret";
  fixture.entry.auth_hosts = {fixture.registry.service.host()};
  TokenRegistry& registry = fixture.registry;
  const auto client = fixture.client();
  REQUIRE(fixture.ask(*client));
  const StubRequest asked = registry.service.requests().front();
  CHECK(asked.method == "GET");
  CHECK(asked.target == "/token?x=1&service=the%20registry&scope=repository%3aacme%2fshop%3apull");
  CHECK(asked.field("Authorization") == "Basic " + to_base64("robot:secret"));
  REQUIRE(fixture.ask(*client));
  CHECK(registry.issued == 1);
  CHECK(registry.hub.requests().size() == 3);
  SECTION("another repository needs another one, without a 401 before it") {
    REQUIRE(fixture.ask(*client, "acme/other"));
    CHECK(registry.issued == 2);
    CHECK(registry.hub.requests().size() == 4);
    CHECK_THAT(registry.service.requests().back().target, Contains("acme%2fother"));
  }
  SECTION("it is renewed before it expires") {
    fixture.clock.advance(289s);
    REQUIRE(fixture.ask(*client));
    CHECK(registry.issued == 1);
    fixture.clock.advance(2s);
    REQUIRE(fixture.ask(*client));
    CHECK(registry.issued == 2);
    CHECK(registry.hub.requests().size() == 5);
  }
  SECTION("it is renewed once if the registry no longer takes it") {
    ++registry.issued;
    REQUIRE(fixture.ask(*client));
    CHECK(registry.issued == 3);
    CHECK(registry.hub.requests().size() == 5);
  }
}

TEST_CASE("Token services answer in several ways", "[sinks][registry]") {
  TokenFixture fixture;
  fixture.entry.auth_hosts = {fixture.registry.service.host()};
  const auto client = fixture.client();
  SECTION("with an access_token and no time") {
    fixture.registry.token_body = R"({"access_token":"token-$"})";
    REQUIRE(fixture.ask(*client));
    fixture.clock.advance(49s);
    REQUIRE(fixture.ask(*client));
    CHECK(fixture.registry.issued == 1);
    fixture.clock.advance(2s);
    REQUIRE(fixture.ask(*client));
    CHECK(fixture.registry.issued == 2);
  }
  SECTION("with what is no token") {
    fixture.registry.token_body =
        GENERATE("", "{}", "[]", R"({"token":5})", R"({"token":"a\r\nX: y"})", R"({"token":"a b"})",
                 R"({"token":"t","expires_in":"soon"})");
    const auto refused = fixture.ask(*client);
    CHECK(refused.error().code == Errc::unavailable);
    CHECK_THAT(refused.error().message, Contains("without a token"));
  }
  SECTION("with a time that is none") {
    fixture.registry.token_body = R"({"token":"token-$","expires_in":-5})";
    REQUIRE(fixture.ask(*client));
    REQUIRE(fixture.ask(*client));
    CHECK(fixture.registry.issued == 1);
  }
}

TEST_CASE("A token that grants nothing is told from a token service that is down",
          "[sinks][registry]") {
  TokenFixture fixture;
  fixture.entry.auth_hosts = {fixture.registry.service.host()};
  fixture.registry.grants = false;
  const auto client = fixture.client();
  const auto refused = fixture.ask(*client);
  CHECK(refused.error().code == Errc::unauthorized);
  CHECK(refused.error().message == "the token service of " + fixture.registry.hub.host() +
                                       " answers, but does not grant pull on acme/shop");
  fixture.registry.grants = true;
  CHECK(fixture.ask(*client));
}

TEST_CASE("A 403 for want of scope is a token that grants nothing", "[sinks][registry]") {
  HttpStub service([](const StubRequest&) { return reply(200, {}, R"({"token":"t"})"); });
  HttpStub hub([&](const StubRequest& request) {
    const std::string realm = "Bearer realm=\"" + service.url("/") + '"';
    if (request.field("Authorization").empty()) return challenge(realm);
    return reply(403, {{"WWW-Authenticate", realm + ",error=\"insufficient_scope\""}});
  });
  RegistryFixture fixture;
  fixture.add(hub).auth_hosts = {service.host()};
  const auto refused = fixture.client()->head_manifest(repository(hub), tag());
  CHECK(refused.error().code == Errc::unauthorized);
  CHECK_THAT(refused.error().message, Contains("does not grant pull"));
}

TEST_CASE("Credentials are not given to a token service that a registry makes up",
          "[sinks][registry]") {
  TokenFixture fixture;
  fixture.entry.username = "robot";
  fixture.entry.password = "secret";
  SECTION("on another host") {
    const auto refused = fixture.ask(*fixture.client());
    CHECK(refused.error().code == Errc::unauthorized);
    CHECK_THAT(refused.error().message, Contains("auth_hosts") && !Contains("secret"));
  }
  SECTION("nor is one at a private address asked without any") {
    fixture.entry.username.clear();
    const auto refused = fixture.ask(*fixture.client());
    CHECK(refused.error().code == Errc::invalid_input);
    CHECK_THAT(refused.error().message, Contains("not public"));
  }
  CHECK(fixture.registry.service.connections() == 0);
}

TEST_CASE("A token service that refuses or hangs is named", "[sinks][registry]") {
  const int status = GENERATE(401, 403, 404, 429, 500, 302);
  HttpStub service([status](const StubRequest&) {
    return reply(status, {{"Location", "/again"}, {"Retry-After", "5"}});
  });
  HttpStub hub(
      [&](const StubRequest&) { return challenge("Bearer realm=\"" + service.url("/") + '"'); });
  RegistryFixture fixture;
  RegistryOptions& entry = fixture.add(hub);
  entry.username = "u";
  entry.auth_hosts = {service.host()};
  const auto client = fixture.client();
  const auto refused = client->head_manifest(repository(hub), tag());
  CAPTURE(status);
  const Errc expected = status == 401 || status == 403 ? Errc::unauthorized
                        : status == 429                ? Errc::busy
                                                       : Errc::unavailable;
  CHECK(refused.error().code == expected);
  CHECK_THAT(refused.error().message, Contains("the token service of " + hub.host()));
  CHECK(client->busy_until(hub.host()).has_value() == (status == 429));
  CHECK(service.requests().size() == 1);
}

TEST_CASE("An identity token is exchanged with a form", "[sinks][registry]") {
  TempFolder folder;
  TokenFixture fixture;
  const std::string host = fixture.registry.hub.host();
  fixture.options.docker_config = folder.write(
      "config.json", R"({"auths":{")" + host + R"(":{"auth":"dTpw","identitytoken":"a+b"}}})");
  fixture.entry.auth_hosts = {fixture.registry.service.host()};
  REQUIRE(fixture.ask(*fixture.client()));
  const StubRequest asked = fixture.registry.service.requests().front();
  CHECK(asked.method == "POST");
  CHECK(asked.field("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(asked.field("Authorization").empty());
  const auto value = [&](std::string_view name) {
    return form_value(asked.body, name, Plus::space);
  };
  CHECK(value("grant_type") == "refresh_token");
  CHECK(value("refresh_token") == "a+b");
  CHECK(value("service") == "the registry");
  CHECK(value("scope") == "repository:acme/shop:pull");
}
