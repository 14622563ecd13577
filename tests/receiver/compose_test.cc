// SPDX-License-Identifier: Apache-2.0
#include "receiver/compose.h"

#include <catch2/catch.hpp>

#include "receiver/admit.h"
#include "receiver/authenticate.h"
#include "receiver/decoder.h"
#include "receiver/source_kind.h"

using namespace std::chrono_literals;
using longshore::compose;
using longshore::ComposedRequest;
using longshore::Digest;
using longshore::Event;
using longshore::ImageRef;
using longshore::RegistryNames;
using longshore::Result;
using longshore::source_kinds;
using longshore::SourceKind;
using longshore::SourceOptions;
using longshore::SourceType;
using longshore::Time;

namespace {

const Time kNow{1767261600s};
const Digest kDigest = *Digest::parse("sha256:" + std::string(64, 'a'));
const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const RegistryNames kRegistries{{{"registry.example.com", "registry.example.com"}}};

SourceOptions source_of(SourceType type) {
  SourceOptions source;
  source.name = "hook-1";
  source.type = type;
  source.tokens = {"to/k en+\"%ü", "second"};
  if (can_sign(type)) source.secrets = {kSecret, "other"};
  if (!names_host(type)) source.host = "registry.example.com";
  return source;
}

// What the receiver would make of the request.
Result<Event> received(const SourceOptions& source, const ComposedRequest& request) {
  const std::string prefix = "/hooks/" + source.name;
  REQUIRE(request.path.starts_with(prefix));
  std::optional<std::string_view> path_token;
  if (request.path.size() > prefix.size()) {
    path_token = std::string_view(request.path).substr(prefix.size() + 1);
    REQUIRE(path_token->find('/') == std::string_view::npos);
  }
  const longshore::HttpRequest http{"POST",          request.path, request.query,
                                    request.headers, request.body, "127.0.0.1"};
  const auto proven = longshore::authenticate(source, http, path_token, kNow);
  if (!proven) return proven.error();
  auto decoded = longshore::decode(source.type, request.headers, request.body);
  if (!decoded) return decoded.error();
  REQUIRE(decoded->facts.size() == 1);
  REQUIRE_FALSE(longshore::noise_of(decoded->facts[0]));
  return longshore::admit(decoded->facts[0], 0, source, kRegistries, kNow);
}

// What a sender of the type can push, and what it tells of that.
struct Said {
  std::string image = "registry.example.com/shop/team/app:1.4";
  bool digest = true;
  bool time = true;
  bool actor = true;
  bool key = true;
};

Said said_by(SourceType type) {
  switch (type) {
    case SourceType::dockerhub:
      return {.image = "acme/app:1.4", .digest = false};
    case SourceType::github:
      return {.image = "ghcr.io/acme/app/web:1.4"};
    default:
      return {};
  }
}

std::string image_for(SourceType type) {
  return said_by(type).image;
}

}  // namespace

TEST_CASE("What is composed is received as the push that was asked for", "[receiver][compose]") {
  for (const SourceKind* kind : source_kinds()) {
    const SourceType type = kind->type;
    CAPTURE(name_of(type));
    const Said said = said_by(type);
    const SourceOptions source = source_of(type);
    const ImageRef image = *ImageRef::parse(said.image);
    const auto request = compose(source, image, kDigest, kNow);
    REQUIRE(request);
    const auto event = received(source, *request);
    REQUIRE(event);
    CHECK(event->kind == longshore::EventKind::pushed);
    CHECK(event->repository == image.repository());
    CHECK(event->tag == image.tag());
    CHECK(event->digest == (said.digest ? std::optional(kDigest) : std::nullopt));
    CHECK(event->occurred_at == (said.time ? std::optional(kNow) : std::nullopt));
    CHECK(event->actor ==
          (said.actor ? std::optional<std::string>("longshore-send") : std::nullopt));
    CHECK(event->not_actionable == std::nullopt);
    CHECK(event->key.has_value() == said.key);
  }
}

TEST_CASE("What is composed without a digest names none", "[receiver][compose]") {
  for (const SourceKind* kind : source_kinds()) {
    const SourceType type = kind->type;
    CAPTURE(name_of(type));
    const SourceOptions source = source_of(type);
    const auto request = compose(source, *ImageRef::parse(image_for(type)), std::nullopt, kNow);
    REQUIRE(request);
    CHECK_FALSE(received(source, *request)->digest);
  }
}

TEST_CASE("The digest of the reference is sent if no other is given", "[receiver][compose]") {
  const SourceOptions source = source_of(SourceType::harbor);
  const ImageRef image = *ImageRef::parse("registry.example.com/a/b:1@" + kDigest.str());
  CHECK(received(source, *compose(source, image, std::nullopt, kNow))->digest == kDigest);
  const Digest other = *Digest::parse("sha256:" + std::string(64, 'b'));
  CHECK(received(source, *compose(source, image, other, kNow))->digest == other);
}

TEST_CASE("What is composed for one source is refused by another", "[receiver][compose]") {
  for (const SourceKind* kind : source_kinds()) {
    const SourceType type = kind->type;
    const SourceOptions source = source_of(type);
    const auto request = compose(source, *ImageRef::parse(image_for(type)), std::nullopt, kNow);
    SourceOptions other = source;
    other.tokens = {"another"};
    CHECK(received(other, *request).error().code == longshore::Errc::unauthorized);
  }
}

TEST_CASE("A source without keys composes a request without any", "[receiver][compose]") {
  for (const SourceKind* kind : source_kinds()) {
    const SourceType type = kind->type;
    SourceOptions source = source_of(type);
    source.tokens.clear();
    source.secrets.clear();
    source.insecure = true;
    const auto request = compose(source, *ImageRef::parse(image_for(type)), std::nullopt, kNow);
    REQUIRE(request);
    CHECK(request->path == "/hooks/hook-1");
    CHECK(request->query.empty());
    CHECK_FALSE(longshore::find_header(request->headers, "Authorization"));
    CHECK(received(source, *request));
  }
}

TEST_CASE("The host and prefix of a source are taken back before sending", "[receiver][compose]") {
  for (const SourceKind* kind : source_kinds()) {
    const SourceType type = kind->type;
    CAPTURE(name_of(type));
    SourceOptions source = source_of(type);
    source.host = "zot.example.com";
    source.prefix = "docker-local";
    const ImageRef image = *ImageRef::parse("zot.example.com/docker-local/acme/app:2");
    const auto request = compose(source, image, std::nullopt, kNow);
    REQUIRE(request);
    CHECK(received(source, *request)->repository == image.repository());
    CHECK_FALSE(compose(source, *ImageRef::parse("zot.example.com/acme/app:2"), {}, kNow));
    CHECK_FALSE(compose(source, *ImageRef::parse("zot.example.com/docker-local:2"), {}, kNow));
    CHECK_FALSE(compose(source, *ImageRef::parse("quay.io/docker-local/app:2"), {}, kNow));
  }
}

TEST_CASE("An image without tag and digest is sent as latest", "[receiver][compose]") {
  const SourceOptions source = source_of(SourceType::dockerhub);
  const auto event = received(source, *compose(source, *ImageRef::parse("nginx"), {}, kNow));
  CHECK(event->image() == "docker.io/library/nginx:latest");
}

TEST_CASE("What a source cannot say is not composed", "[receiver][compose]") {
  const auto why = [](SourceType type, const std::string& image) {
    const auto request = compose(source_of(type), *ImageRef::parse(image), {}, kNow);
    return request ? "" : request.error().message;
  };
  CHECK(why(SourceType::dockerhub, "ghcr.io/acme/app:1") ==
        "the source 'hook-1' speaks of docker.io only, not of ghcr.io");
  CHECK(why(SourceType::github, "acme/app:1") ==
        "the source 'hook-1' speaks of ghcr.io only, not of docker.io");
  CHECK(why(SourceType::github, "ghcr.io/app:1") == "an image in ghcr.io is OWNER/NAME");
  CHECK(why(SourceType::native, "acme/app@" + kDigest.str()) ==
        "the image has to name a tag: what is pushed by digest leads to nothing");
  SourceOptions native = source_of(SourceType::native);
  native.secrets = {"no such secret"};
  CHECK_FALSE(compose(native, *ImageRef::parse("acme/app:1"), {}, kNow));
  SourceOptions harbor = source_of(SourceType::harbor);
  harbor.secrets = {kSecret};
  CHECK(compose(harbor, *ImageRef::parse("registry.example.com/a/b:1"), {}, kNow).error().message ==
        "sources of the type harbor do not sign: give it a token instead of a secret");
}
