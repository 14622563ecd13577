// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/client.h"

#include <atomic>
#include <future>
#include <vector>

#include <catch2/catch.hpp>

#include "sinks/registry/resolver.h"
#include "tests/sinks/registry/registry_fixture.h"
#include "tests/support/eventually.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("RegistryResolver names the digest of a tag with one HEAD", "[sinks][registry]") {
  HttpStub hub([](const StubRequest&) { return manifest_reply(); });
  RegistryFixture fixture;
  fixture.add(hub);
  RegistryResolver resolver(fixture.client());
  CHECK(*resolver.resolve(repository(hub), tag()) == digest());
  REQUIRE(hub.requests().size() == 1);
  const StubRequest request = hub.requests().front();
  CHECK(request.method == "HEAD");
  CHECK(request.target == "/v2/acme/shop/manifests/1.0");
  for (const std::string type : {"vnd.oci.image.index.v1+json", "vnd.oci.image.manifest.v1+json",
                                 "vnd.docker.distribution.manifest.list.v2+json",
                                 "vnd.docker.distribution.manifest.v2+json"}) {
    CHECK_THAT(request.field("Accept"), Contains("application/" + type));
  }
}

TEST_CASE("A HEAD that says too little is followed by a GET", "[sinks][registry]") {
  const int how = GENERATE(0, 1, 2, 3, 4);
  HttpStub hub([how](const StubRequest& request) {
    if (request.method == "GET") return manifest_reply();
    switch (how) {
      case 0:
        return reply(405);
      case 1:
        return reply(200, {{"Content-Type", kManifestType}});
      case 2:
        return reply(200, {{"Docker-Content-Digest", digest_text("x")}});
      case 3:
        return reply(307, {{"Location", "/elsewhere"}});
      default:
        return reply(501);
    }
  });
  RegistryFixture fixture;
  fixture.add(hub);
  const auto head = fixture.client()->head_manifest(repository(hub), tag());
  REQUIRE(head);
  CHECK(head->digest == digest());
  CHECK(head->media_type == kManifestType);
}

TEST_CASE("A manifest is what its digest says", "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    if (request.target.ends_with("manifests/forged")) {
      StubReply forged = manifest_reply();
      forged.body += ' ';
      return forged;
    }
    if (request.target.ends_with("manifests/unsaid")) {
      return reply(200, {{"Content-Type", kManifestType + "; charset=utf-8"}}, kManifestBytes);
    }
    return manifest_reply();
  });
  RegistryFixture fixture;
  fixture.add(hub);
  const auto client = fixture.client();
  const auto manifest = client->get_manifest(repository(hub), tag());
  REQUIRE(manifest);
  CHECK(manifest->bytes == kManifestBytes);
  CHECK(manifest->digest == digest());
  CHECK(client->get_manifest(repository(hub), digest())->digest == digest());
  const auto unsaid = client->get_manifest(repository(hub), tag("unsaid"));
  CHECK(unsaid->digest == digest());
  CHECK(unsaid->media_type == kManifestType);

  const auto forged = client->get_manifest(repository(hub), tag("forged"));
  REQUIRE_FALSE(forged);
  CHECK(forged.error().code == Errc::conflict);
  CHECK_THAT(forged.error().message,
             Contains(digest_text(kManifestBytes)) && Contains(digest_text(kManifestBytes + " ")));
  for (const auto& other : {client->get_manifest(repository(hub), digest("other")).error(),
                            client->head_manifest(repository(hub), digest("other")).error()}) {
    CHECK(other.code == Errc::conflict);
    CHECK_THAT(other.message,
               Contains(digest_text("other")) && Contains(digest_text(kManifestBytes)));
  }
  const Digest long_digest = *Digest::parse("sha512:" + to_hex(as_bytes(sha512(kManifestBytes))));
  CHECK(client->get_manifest(repository(hub), long_digest)->digest == long_digest);
  CHECK(client->head_manifest(repository(hub), long_digest)->digest == long_digest);
}

TEST_CASE("What an image is made for is read of its index, or of its configuration",
          "[sinks][registry]") {
  const std::string config = R"({"architecture":"arm64","os":"linux","config":{}})";
  const std::string single =
      R"({"schemaVersion":2,"config":{"digest":")" + digest_text(config) + R"("},"layers":[]})";
  const std::string index = R"({"schemaVersion":2,"manifests":[
    {"platform":{"os":"linux","architecture":"amd64"}},
    {"platform":{"os":"linux","architecture":"arm","variant":"v7"}},
    {"platform":{"os":"unknown","architecture":"unknown"}}]})";
  HttpStub hub([&](const StubRequest& request) {
    if (request.path().find("/blobs/") != std::string::npos) return reply(200, {}, config);
    const bool is_index = request.path().ends_with(digest_text(index));
    return manifest_reply(is_index ? index : single);
  });
  RegistryFixture fixture;
  fixture.add(hub);
  RegistryResolver resolver(fixture.client());
  const auto of = [&](const std::string& bytes) {
    const auto platforms = resolver.platforms(repository(hub), digest(bytes));
    REQUIRE(platforms);
    return *platforms;
  };
  CHECK(of(index) == std::set<std::string>{"linux/amd64", "linux/arm"});
  CHECK(of(single) == std::set<std::string>{"linux/arm64"});
}

TEST_CASE("A configuration is read by its digest, through a redirect without credentials",
          "[sinks][registry]") {
  HttpStub store([](const StubRequest&) { return reply(200, {}, "config"); });
  HttpStub hub([&](const StubRequest& request) {
    if (request.field("Authorization") != "Basic dTpw") return challenge("Basic realm=x");
    return reply(307, {{"Location", store.url("/bucket?sig=x")}});
  });
  RegistryFixture fixture;
  RegistryOptions& entry = fixture.add(hub);
  entry.username = "u";
  entry.password = "p";
  SECTION("to a place that the configuration names") {
    entry.redirect_hosts = {store.host()};
    const auto client = fixture.client();
    CHECK(*client->get_config(repository(hub), digest("config")) == "config");
    REQUIRE(store.requests().size() == 1);
    CHECK(store.requests().front().field("Authorization").empty());
    const auto other = client->get_config(repository(hub), digest("other"));
    CHECK(other.error().code == Errc::conflict);
    CHECK_THAT(other.error().message, !Contains("sig="));
  }
  SECTION("not to a private address") {
    const auto refused = fixture.client()->get_config(repository(hub), digest("config"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid_input);
    CHECK_THAT(refused.error().message, Contains("not public") && !Contains("sig="));
    CHECK(store.connections() == 0);
  }
}

TEST_CASE("Redirects end, and back at the registry the authorization counts again",
          "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    if (request.path() == "/there") {
      return request.field("Authorization").empty() ? reply(401) : reply(200, {}, "config");
    }
    if (request.field("Authorization").empty()) return challenge("Basic realm=x");
    if (request.path().find("loop") != std::string::npos) {
      return reply(302, {{"Location", request.target + "x"}});
    }
    return reply(302, {{"Location", "/there"}});
  });
  RegistryFixture fixture;
  fixture.add(hub).username = "u";
  const auto client = fixture.client();
  CHECK(*client->get_config(repository(hub), digest("config")) == "config");
  CHECK(client->get_manifest(repository(hub, "loop"), tag()).error().code == Errc::unsupported);
  CHECK(hub.requests().size() == 3 + 6);
}

TEST_CASE("What a registry answers has the meaning that its user needs", "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    const std::string tag = request.path().substr(request.path().rfind('/') + 1);
    StubReply answer = reply(std::stoi(tag));
    if (tag == "401") answer.fields = {{"WWW-Authenticate", "Negotiate"}};
    return answer;
  });
  RegistryFixture fixture;
  fixture.add(hub);
  const auto client = fixture.client();
  const auto code = [&](const std::string& status) {
    return client->head_manifest(repository(hub), tag(status)).error().code;
  };
  CHECK(code("404") == Errc::not_found);
  CHECK(code("401") == Errc::unauthorized);
  CHECK(code("403") == Errc::unauthorized);
  CHECK(code("400") == Errc::unsupported);
  CHECK(code("408") == Errc::unavailable);
  CHECK(code("500") == Errc::unavailable);
  CHECK(code("502") == Errc::unavailable);
  CHECK(code("503") == Errc::unavailable);
  CHECK(client->head_manifest(repository(hub), tag("404")).error().message ==
        hub.host() + "/acme/shop:404 is not there: " + hub.host() + " answers 404");
}

TEST_CASE("A body without end is not read to its end", "[sinks][registry]") {
  HttpStub hub([](const StubRequest&) {
    StubReply endless;
    endless.way = StubReply::Way::endless;
    return endless;
  });
  RegistryFixture fixture;
  fixture.add(hub);
  const auto client = fixture.client();
  CHECK(client->get_manifest(repository(hub), tag()).error().code == Errc::unsupported);
  CHECK(client->get_config(repository(hub), digest()).error().code == Errc::unsupported);
  const auto listed = client->list_tags(repository(hub), [](auto) { return Status(Done{}); });
  CHECK(listed.error().code == Errc::unsupported);
}

TEST_CASE("A registry that is not configured is asked at public addresses only",
          "[sinks][registry]") {
  const StubCertificate certificate;
  HttpStub hub([](const StubRequest&) { return manifest_reply(); }, &certificate);
  RegistryFixture fixture;
  CHECK(fixture.client()->head_manifest(repository(hub), tag()).error().code ==
        Errc::invalid_input);
  CHECK(hub.connections() == 0);
  RegistryOptions& entry = fixture.add(hub);
  entry.plain_http = false;
  CHECK(fixture.client()->head_manifest(repository(hub), tag()).error().code == Errc::unavailable);
  entry.ca_file = certificate.certificate();
  CHECK(fixture.client()->head_manifest(repository(hub), tag())->digest == digest());
}

TEST_CASE("A registry that asks for time gets it, and no other waits for it", "[sinks][registry]") {
  std::atomic<bool> overloaded = true;
  HttpStub busy([&](const StubRequest& request) {
    if (!overloaded) return manifest_reply();
    if (request.target.ends_with("later")) return reply(503, {{"Retry-After", "120"}});
    return reply(429, {{"Retry-After", "60"}});
  });
  HttpStub other([](const StubRequest&) { return manifest_reply(); });
  RegistryFixture fixture;
  fixture.add(busy);
  fixture.add(other);
  const auto client = fixture.client();
  const auto first = client->head_manifest(repository(busy), tag());
  CHECK(first.error().code == Errc::busy);
  CHECK_THAT(first.error().message, Contains("2026-03-01T12:01:00"));
  CHECK(client->busy_until(busy.host()) == fixture.clock.steady() + 60s);
  CHECK(client->get_manifest(repository(busy, "another"), tag()).error().code == Errc::busy);
  CHECK(busy.requests().size() == 1);
  CHECK(client->head_manifest(repository(other), tag()));
  CHECK_FALSE(client->busy_until(other.host()));
  fixture.clock.advance(61s);
  CHECK(client->head_manifest(repository(busy), tag("later")).error().code == Errc::busy);
  CHECK(client->busy_until(busy.host()) == fixture.clock.steady() + 120s);
  fixture.clock.advance(121s);
  overloaded = false;
  CHECK(client->head_manifest(repository(busy), tag()));
}

TEST_CASE("A registry that hangs holds up nobody who asks another", "[sinks][registry]") {
  HttpStub silent([](const StubRequest&) {
    StubReply nothing;
    nothing.way = StubReply::Way::silent;
    return nothing;
  });
  HttpStub lively([](const StubRequest&) { return manifest_reply(); });
  RegistryFixture fixture;
  fixture.add(silent).deadline = 3s;
  fixture.add(lively);
  const auto client = fixture.client();
  std::vector<std::future<Errc>> hanging;
  for (int i = 0; i < 8; ++i) {  // half of them wait for a place
    hanging.push_back(std::async(std::launch::async, [&] {
      return client->head_manifest(repository(silent), tag()).error().code;
    }));
  }
  CHECK(eventually([&] { return silent.requests().size() >= 4; }));
  for (int i = 0; i < 20; ++i)
    CHECK(client->head_manifest(repository(lively), tag()));
  for (auto& one : hanging) {
    const Errc code = one.get();
    CHECK((code == Errc::unavailable || code == Errc::busy));
  }
}

TEST_CASE("Destroying the client ends what is under way", "[sinks][registry]") {
  HttpStub silent([](const StubRequest&) {
    StubReply nothing;
    nothing.way = StubReply::Way::silent;
    return nothing;
  });
  RegistryFixture fixture;
  fixture.add(silent);
  auto client = fixture.client();
  RegistryClient& borrowed = *client;
  const auto ask = [&] {
    return std::async(std::launch::async, [&] {
      return borrowed.head_manifest(repository(silent), tag()).error().code;
    });
  };
  auto first = ask();
  auto second = ask();
  // No call may begin any more: both have to be within theirs.
  REQUIRE(eventually([&] { return silent.requests().size() == 2; }));
  client.reset();
  CHECK(first.get() == Errc::unavailable);
  CHECK(second.get() == Errc::unavailable);
}

TEST_CASE("Mirrors are asked first, and the registry when they do not help", "[sinks][registry]") {
  std::atomic<int> status = 200;
  HttpStub mirror([&](const StubRequest&) {
    return status == 200 ? manifest_reply("mirrored") : reply(status);
  });
  HttpStub hub([](const StubRequest&) { return manifest_reply(); });
  RegistryFixture fixture;
  fixture.add(mirror);
  fixture.add(hub).mirrors = {"nobody.invalid", mirror.host()};
  const auto client = fixture.client();
  CHECK(client->head_manifest(repository(hub), tag())->digest == digest("mirrored"));
  CHECK(hub.requests().empty());
  for (const int failure : {404, 403, 500}) {
    status = failure;
    CHECK(client->head_manifest(repository(hub), tag())->digest == digest());
  }
}

namespace {

// What a registry answers that never does.
StubReply silence() {
  StubReply nothing;
  nothing.way = StubReply::Way::silent;
  return nothing;
}

}  // namespace

TEST_CASE("RegistryResolver asks with the client that it was last given", "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    return request.field("Authorization").empty() ? challenge("Basic realm=\"r\"")
                                                  : manifest_reply();
  });
  RegistryFixture fixture;
  RegistryOptions& entry = fixture.add(hub);
  RegistryResolver resolver(fixture.client());
  CHECK(resolver.resolve(repository(hub), tag()).error().code == Errc::unauthorized);
  entry.username = "robot";
  entry.password = "secret";
  const auto former = resolver.configure(fixture.client());
  CHECK(*resolver.resolve(repository(hub), tag()) == digest());
  resolver.configure(former);
  CHECK(resolver.resolve(repository(hub), tag()).error().code == Errc::unauthorized);
}

TEST_CASE("A call goes on with the client with which it began", "[sinks][registry]") {
  std::promise<void> release;
  const std::shared_future<void> released(release.get_future());
  HttpStub slow([released](const StubRequest&) {
    released.wait();
    return manifest_reply();
  });
  RegistryFixture fixture;
  fixture.add(slow);
  RegistryResolver resolver(fixture.client());
  auto answer =
      std::async(std::launch::async, [&] { return resolver.resolve(repository(slow), tag()); });
  const bool asked = eventually([&] { return slow.requests().size() == 1; });
  resolver.configure(fixture.client());
  release.set_value();
  REQUIRE(asked);
  CHECK(*answer.get() == digest());
}

TEST_CASE("Stopping the resolver ends the calls of every client it had", "[sinks][registry]") {
  HttpStub silent([](const StubRequest&) { return silence(); });
  RegistryFixture fixture;
  fixture.add(silent);
  RegistryResolver resolver(fixture.client());
  const auto ask = [&] {
    return std::async(std::launch::async,
                      [&] { return resolver.resolve(repository(silent), tag()).error().code; });
  };
  auto first = ask();
  REQUIRE(eventually([&] { return silent.requests().size() == 1; }));
  resolver.configure(fixture.client());
  auto second = ask();
  REQUIRE(eventually([&] { return silent.requests().size() == 2; }));
  resolver.stop();
  CHECK(first.get() == Errc::unavailable);
  CHECK(second.get() == Errc::unavailable);
  CHECK(ask().get() == Errc::unavailable);
}
