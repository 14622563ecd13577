// SPDX-License-Identifier: Apache-2.0
#include "receiver/admit.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using longshore::admit;
using longshore::Digest;
using longshore::Event;
using longshore::EventKind;
using longshore::Fact;
using longshore::Noise;
using longshore::noise_of;
using longshore::RegistryNames;
using longshore::SourceOptions;
using longshore::SourceType;
using longshore::Tag;
using longshore::Time;

namespace {

const Time kNow{1767261600s};
const RegistryNames kRegistries{{{"registry.example.com", "registry.example.com"},
                                 {"registry:5000", "registry.example.com"},
                                 {"harbor.example.com", "harbor.example.com"}}};

SourceOptions source_of(SourceType type) {
  SourceOptions source;
  source.name = "hook";
  source.type = type;
  return source;
}

Fact pushed(std::optional<std::string> host, std::string repository = "acme/app") {
  Fact fact;
  fact.kind = EventKind::pushed;
  fact.host = std::move(host);
  fact.repository = std::move(repository);
  fact.tag = *Tag::parse("1.4");
  return fact;
}

Event admitted(const Fact& fact, const SourceOptions& source, std::size_t index = 0) {
  const auto event = admit(fact, index, source, kRegistries, kNow);
  REQUIRE(event);
  return *event;
}

}  // namespace

TEST_CASE("An event carries what its fact and its source say", "[receiver][admit]") {
  SourceOptions source = source_of(SourceType::distribution);
  source.verify = false;
  Fact fact = pushed("registry.example.com");
  fact.digest = *Digest::parse("sha256:" + std::string(64, 'a'));
  fact.media_type = "application/vnd.oci.image.index.v1+json";
  fact.actor = "ci";
  fact.occurred_at = kNow - 1s;
  fact.delivery_id = "id-1";
  const Event event = admitted(fact, source);
  CHECK(event.source == "hook");
  CHECK(event.source_type == "distribution");
  CHECK(event.kind == EventKind::pushed);
  CHECK(event.image() == "registry.example.com/acme/app:1.4@sha256:" + std::string(64, 'a'));
  CHECK(event.media_type == "application/vnd.oci.image.index.v1+json");
  CHECK(event.actor == "ci");
  CHECK(event.occurred_at == kNow - 1s);
  CHECK(event.received_at == kNow);
  CHECK(event.delivery_id == "id-1");
  CHECK(event.key);
  CHECK_FALSE(event.not_actionable);
  CHECK_FALSE(event.verify);
  CHECK(event.seq == 0);
}

TEST_CASE("A registry that says so is believed under all of its names", "[receiver][admit]") {
  const SourceOptions source = source_of(SourceType::distribution);
  RegistryNames registries = kRegistries;
  registries.believed.insert("registry.example.com");
  const auto is_verified = [&](const char* host) {
    const auto event = admit(pushed(host), 0, source, registries, kNow);
    REQUIRE(event);
    return event->verify;
  };
  CHECK_FALSE(is_verified("registry.example.com"));
  CHECK_FALSE(is_verified("registry:5000"));
  CHECK(is_verified("harbor.example.com"));
}

TEST_CASE("The host is the one that the sender names, through the aliases", "[receiver][admit]") {
  const SourceOptions source = source_of(SourceType::distribution);
  const auto host = GENERATE("registry.example.com", "registry:5000", "REGISTRY:5000");
  const Event event = admitted(pushed(host), source);
  CHECK(event.repository.str() == "registry.example.com/acme/app");
  CHECK_FALSE(event.not_actionable);
}

TEST_CASE("The source's host replaces whatever the sender says", "[receiver][admit]") {
  SourceOptions source = source_of(SourceType::distribution);
  const auto sent = GENERATE(as<std::optional<std::string>>(), std::nullopt, "evil.example.net",
                             "registry.example.com");
  source.host = "zot.example.com";
  CHECK(admitted(pushed(sent), source).repository.str() == "zot.example.com/acme/app");
  CHECK_FALSE(admitted(pushed(sent), source).not_actionable);
  source.host = "registry:5000";
  CHECK(admitted(pushed(sent), source).repository.str() == "registry.example.com/acme/app");
}

TEST_CASE("The prefix stands before the path", "[receiver][admit]") {
  SourceOptions source = source_of(SourceType::distribution);
  source.prefix = "docker-local";
  CHECK(admitted(pushed("registry:5000"), source).repository.str() ==
        "registry.example.com/docker-local/acme/app");
}

TEST_CASE("Each type may speak of its constant host unasked", "[receiver][admit]") {
  const RegistryNames none;
  const auto actionable = [&](SourceType type, std::optional<std::string> host) {
    const auto event = admit(pushed(std::move(host)), 0, source_of(type), none, kNow);
    return event && !event->not_actionable;
  };
  CHECK(actionable(SourceType::dockerhub, std::nullopt));
  CHECK(actionable(SourceType::dockerhub, "index.docker.io"));
  CHECK(actionable(SourceType::github, std::nullopt));
  CHECK(actionable(SourceType::github, "ghcr.io"));
  CHECK(actionable(SourceType::native, "docker.io"));
  CHECK(actionable(SourceType::native, "ghcr.io"));
  CHECK_FALSE(actionable(SourceType::dockerhub, "ghcr.io"));
  CHECK_FALSE(actionable(SourceType::github, "docker.io"));
  CHECK_FALSE(actionable(SourceType::github, "containers.github.example.com"));
  CHECK_FALSE(actionable(SourceType::native, "quay.io"));
  CHECK_FALSE(actionable(SourceType::harbor, "docker.io"));
  CHECK_FALSE(actionable(SourceType::distribution, "ghcr.io"));
}

TEST_CASE("A host that nobody configured is recorded, with the nearest ones", "[receiver][admit]") {
  const SourceOptions source = source_of(SourceType::distribution);
  CHECK(admitted(pushed("harbour.example.com"), source).not_actionable ==
        "nobody configured the registry host harbour.example.com: add it under registries, or as "
        "an alias; known are harbor.example.com, registry.example.com");
  const auto event = admit(pushed("registry:5000"), 0, source, RegistryNames{}, kNow);
  REQUIRE(event);
  CHECK(event->repository.host() == "registry:5000");
  CHECK(event->not_actionable ==
        "nobody configured the registry host registry:5000: add it under registries, or as an "
        "alias; no registry is configured yet");
  const RegistryNames many{{{"a.com", "a.com"},
                            {"b.com", "b.com"},
                            {"c.com", "c.com"},
                            {"registry", "registry"},
                            {"d.com", "d.com"}}};
  CHECK(admit(pushed("registry:5000"), 0, source, many, kNow)
            ->not_actionable->ends_with("known are registry, a.com, b.com and 2 more"));
}

TEST_CASE("A source speaks of its images only", "[receiver][admit]") {
  SourceOptions source = source_of(SourceType::dockerhub);
  source.images = {"docker.io/acme/*", "docker.io/library/nginx"};
  CHECK_FALSE(admitted(pushed(std::nullopt), source).not_actionable);
  CHECK_FALSE(admitted(pushed(std::nullopt, "nginx"), source).not_actionable);
  CHECK(admitted(pushed(std::nullopt, "evil/app"), source).not_actionable ==
        "the source 'hook' may speak of docker.io/acme/*, docker.io/library/nginx only");
}

TEST_CASE("What is no push or deletion of an image is recorded only", "[receiver][admit]") {
  const SourceOptions source = source_of(SourceType::distribution);
  const auto reason = [&](auto change) {
    Fact fact = pushed("registry:5000");
    change(fact);
    return admitted(fact, source).not_actionable;
  };
  CHECK_FALSE(reason([](Fact& fact) { fact.kind = EventKind::deleted; }));
  CHECK_FALSE(reason([](Fact& fact) {
    fact.kind = EventKind::deleted;
    fact.tag.reset();
  }));
  CHECK(reason([](Fact& fact) { fact.tag.reset(); }) == "it was pushed without a tag");
  CHECK(reason([](Fact& fact) { fact.is_blob = true; }) ==
        "it is about a layer or a config, not an image");
  CHECK(reason([](Fact& fact) { fact.kind = EventKind::pulled; }) == "a pull changes nothing");
  CHECK(reason([](Fact& fact) { fact.kind = EventKind::scanned; }) ==
        "events of the kind 'scanned' are not acted upon");
  const std::string hex(64, 'a');
  for (const std::string& tag : {"sha256-" + hex, "sha256-" + hex + ".sig"}) {
    CHECK(reason([&](Fact& fact) { fact.tag = *Tag::parse(tag); }) ==
          "the tag holds a signature, an attestation or referrers, not an image");
  }
}

TEST_CASE("Without any host, and with what is none, there is no event", "[receiver][admit]") {
  const SourceOptions source = source_of(SourceType::distribution);
  const auto none = admit(pushed(std::nullopt), 0, source, kRegistries, kNow);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == longshore::Errc::invalid_input);
  CHECK(none.error().message ==
        "the sender names no registry host: set `host` of the source 'hook' (sources[].host)");
  CHECK_FALSE(admit(pushed("not a host"), 0, source, kRegistries, kNow));
  CHECK_FALSE(admit(pushed("registry:5000", "Acme/App"), 0, source, kRegistries, kNow));
  CHECK_FALSE(admit(pushed("registry:5000", ""), 0, source, kRegistries, kNow));
}

TEST_CASE("The delivery key is made of the delivery id, the index and the source",
          "[receiver][admit]") {
  SourceOptions source = source_of(SourceType::distribution);
  Fact fact = pushed("registry:5000");
  fact.delivery_id = "id-1";
  const auto key = admitted(fact, source).key;
  REQUIRE(key);
  Fact changed = fact;
  changed.tag = *Tag::parse("1.5");
  changed.occurred_at = kNow;
  CHECK(admitted(changed, source).key == key);
  CHECK(admitted(fact, source, 1).key != key);
  changed = fact;
  changed.delivery_id = "id-2";
  CHECK(admitted(changed, source).key != key);
  source.name = "other";
  CHECK(admitted(fact, source).key != key);
}

TEST_CASE("Without a delivery id the key is made of the facts and their time",
          "[receiver][admit]") {
  const SourceOptions source = source_of(SourceType::distribution);
  Fact fact = pushed("registry:5000");
  CHECK_FALSE(admitted(fact, source).key);
  fact.occurred_at = kNow;
  const auto key = admitted(fact, source).key;
  REQUIRE(key);
  CHECK(admitted(fact, source, 1).key == key);
  Fact same = fact;
  same.host = "registry.example.com";
  same.actor = "somebody";
  CHECK(admitted(same, source).key == key);
  const auto differs = [&](auto change) {
    Fact other = fact;
    change(other);
    return admitted(other, source).key != key;
  };
  CHECK(differs([](Fact& f) { f.kind = EventKind::deleted; }));
  CHECK(differs([](Fact& f) { f.repository = "acme/web"; }));
  CHECK(differs([](Fact& f) { f.tag = *Tag::parse("1.5"); }));
  CHECK(differs([](Fact& f) { f.tag.reset(); }));
  CHECK(differs([](Fact& f) { f.digest = *Digest::parse("sha256:" + std::string(64, 'b')); }));
  CHECK(differs([](Fact& f) { f.occurred_at = kNow + 1us; }));
  CHECK(differs([](Fact& f) { f.delivery_id = "id-1"; }));
}

TEST_CASE("Fields of a delivery key cannot run into each other", "[receiver][admit]") {
  SourceOptions ab = source_of(SourceType::distribution);
  SourceOptions a = ab;
  ab.name = "ab";
  a.name = "a";
  Fact c = pushed("registry:5000");
  Fact bc = c;
  c.delivery_id = "c";
  bc.delivery_id = "bc";
  CHECK(admitted(c, ab).key != admitted(bc, a).key);
}

TEST_CASE("Noise is told from what becomes an event", "[receiver][admit]") {
  const auto noise = [](auto change) {
    Fact fact = pushed("registry:5000");
    change(fact);
    return noise_of(fact);
  };
  CHECK_FALSE(noise([](Fact&) {}));
  CHECK(noise([](Fact& f) { f.tag.reset(); }) == Noise::untagged);
  CHECK(noise([](Fact& f) { f.is_blob = true; }) == Noise::blob);
  CHECK(noise([](Fact& f) { f.kind = EventKind::pulled; }) == Noise::pull);
  CHECK(noise([](Fact& f) { f.kind = EventKind::other; }) == Noise::other);
  CHECK(noise([](Fact& f) { f.kind = EventKind::ping; }) == Noise::other);
  CHECK(noise([](Fact& f) { f.repository.clear(); }) == Noise::other);
  for (const EventKind kind :
       {EventKind::deleted, EventKind::scanned, EventKind::promoted, EventKind::build}) {
    CHECK_FALSE(noise([kind](Fact& f) {
      f.kind = kind;
      f.tag.reset();
    }));
  }
}
