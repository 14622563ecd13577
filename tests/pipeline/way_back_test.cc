// SPDX-License-Identifier: Apache-2.0
#include "pipeline/way_back.h"

#include <map>

#include <catch2/catch.hpp>

#include "tests/support/engine_fixture.h"

using namespace longshore;
using longshore::test::hex_digest;

namespace {

constexpr Time kNow{std::chrono::hours{24 * 365}};

Digest digest(char c) {
  return *Digest::parse(hex_digest(c));
}

ImageRef image(const std::string& text) {
  return *ImageRef::parse(text);
}

ContainerChange change(const std::string& from, std::optional<Digest> from_digest,
                       const std::string& to, char to_digest, const std::string& name = "web") {
  return {name, image(from), image(to), std::move(from_digest), digest(to_digest)};
}

Action action_of(std::vector<ContainerChange> changes) {
  Action action{.id = ActionId::make(kNow),
                .target = "prod",
                .workload = "Deployment shop/web",
                .repository = image("acme/shop:1").repository(),
                .changes = std::move(changes),
                .event = EventId::make(kNow),
                .seq = 7,
                .reason = "newer",
                .state = ActionState::done,
                .attempts = 1,
                .created = kNow,
                .due = kNow,
                .error = {}};
  return action;
}

Rollout rolled(std::vector<ContainerChange> changes, const Rollout* former = nullptr) {
  return rollout_of(action_of(std::move(changes)), "3", former, kNow);
}

// Registries that know these tags, and every digest but the dropped ones.
struct Registry {
  std::map<std::string, Digest> tags;
  std::set<Digest> dropped;
  std::optional<Error> error;

  AskRegistry ask() const {
    return {.tag = [this](const Repository&, const Tag& tag) -> Result<Digest> {
              if (error) return *error;
              const auto at = tags.find(tag.str());
              if (at == tags.end()) return Error{Errc::not_found, "no such tag"};
              return at->second;
            },
            .digest = [this](const Repository&, const Digest& wanted) -> Status {
              if (error) return *error;
              if (dropped.contains(wanted)) return Error{Errc::not_found, "no such digest"};
              return Done{};
            }};
  }
};

std::string only_target(const Result<WayBack>& way) {
  REQUIRE(way);
  REQUIRE(way->changes.size() == 1);
  return way->changes.front().to.str();
}

}  // namespace

TEST_CASE("The way back is the reference as it was written while its tag stays",
          "[pipeline][rollout]") {
  const Rollout rollout = rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.1", 'b')});
  Registry registry{{{"1.0.0", digest('a')}}, {}, {}};
  const auto way = find_way_back(rollout, registry.ask());
  CHECK(only_target(way) == "acme/shop:1.0.0");
  CHECK(way->changes.front().from.str() == "acme/shop:1.0.1");
  CHECK(way->changes.front().from_digest == digest('b'));
  CHECK(way->changes.front().to_digest == digest('a'));
}

TEST_CASE("A tag that has moved is gone back to by its digest", "[pipeline][rollout]") {
  const Rollout rollout = rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.1", 'b')});
  Registry registry{{{"1.0.0", digest('c')}}, {}, {}};
  CHECK(only_target(find_way_back(rollout, registry.ask())) ==
        "acme/shop:1.0.0@" + hex_digest('a'));
  registry.tags.clear();  // gone altogether
  CHECK(only_target(find_way_back(rollout, registry.ask())) ==
        "acme/shop:1.0.0@" + hex_digest('a'));
  CHECK(way_back_unasked(rollout).changes.front().to.str() == "acme/shop:1.0.0@" + hex_digest('a'));
}

TEST_CASE("A tag that both sides have goes back by digest", "[pipeline][rollout]") {
  const Rollout rollout =
      rolled({change("acme/shop", digest('a'), "acme/shop:latest@" + hex_digest('b'), 'b')});
  Registry registry{{{"latest", digest('a')}}, {}, {}};
  CHECK(only_target(find_way_back(rollout, registry.ask())) ==
        "acme/shop:latest@" + hex_digest('a'));
}

TEST_CASE("There is no way back to what the registry has dropped, or nobody knows",
          "[pipeline][rollout]") {
  const Rollout known = rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.1", 'b')});
  const Registry registry{{{"1.0.0", digest('c')}}, {digest('a')}, {}};
  const auto dropped = find_way_back(known, registry.ask());
  REQUIRE(dropped);
  CHECK(dropped->changes.empty());
  CHECK(dropped->obstacle.find("no longer has acme/shop:1.0.0@") != std::string::npos);

  const Rollout unknown = rolled({change("acme/shop:1.0.0", {}, "acme/shop:1.0.1", 'b')});
  const auto nothing = find_way_back(unknown, registry.ask());
  REQUIRE(nothing);
  CHECK(nothing->changes.empty());
  CHECK(nothing->obstacle == "it is not known which image web ran before");
  CHECK(way_back_unasked(unknown).changes.empty());
}

TEST_CASE("One container without a way back keeps all where they are", "[pipeline][rollout]") {
  const Rollout rollout = rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.1", 'b'),
                                  change("acme/shop:1.0.0", {}, "acme/shop:1.0.1", 'b', "init")});
  const Registry registry{{{"1.0.0", digest('a')}}, {}, {}};
  const auto way = find_way_back(rollout, registry.ask());
  REQUIRE(way);
  CHECK(way->changes.empty());
}

TEST_CASE("A registry that cannot be asked is an error, to be asked again", "[pipeline][rollout]") {
  const Rollout rollout = rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.1", 'b')});
  const Registry registry{{}, {}, Error{Errc::unavailable, "refused"}};
  const auto way = find_way_back(rollout, registry.ask());
  REQUIRE_FALSE(way);
  CHECK(way.error().message == "refused");
}

TEST_CASE("What did not complete is never gone back to", "[pipeline][rollout]") {
  Rollout first = rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.1", 'b')});
  const auto second = [&] {
    return rolled({change("acme/shop:1.0.1", digest('b'), "acme/shop:1.0.2", 'c')}, &first);
  };
  const auto back_of = [](const Rollout& rollout) { return rollout.parts.front().back->str(); };
  CHECK(back_of(second()) == "acme/shop:1.0.0");
  first.state = RolloutState::failed;
  CHECK(back_of(second()) == "acme/shop:1.0.0");
  first.state = RolloutState::rolled_back;
  CHECK(back_of(second()) == "acme/shop:1.0.0");
  first.state = RolloutState::completed;
  CHECK(back_of(second()) == "acme/shop:1.0.1");
}

TEST_CASE("What somebody else has set since is what ran before", "[pipeline][rollout]") {
  const Rollout first = rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.1", 'b')});
  const Rollout next =
      rolled({change("acme/shop:0.9.0", digest('d'), "acme/shop:1.0.2", 'c')}, &first);
  CHECK(next.parts.front().back->str() == "acme/shop:0.9.0");
  CHECK(next.parts.front().back_digest == digest('d'));
}

TEST_CASE("A rollout takes over what an unfinished one has changed elsewhere",
          "[pipeline][rollout]") {
  const Rollout first = rolled({change("acme/side:1", digest('a'), "acme/side:2", 'b', "side")});
  const Rollout next =
      rolled({change("acme/shop:1.0.0", digest('c'), "acme/shop:1.0.1", 'd')}, &first);
  REQUIRE(next.parts.size() == 2);
  CHECK(next.parts.back().container == "side");
  CHECK(next.parts.back().back->str() == "acme/side:1");
}

TEST_CASE("A way back has none itself, and is trusted by what follows", "[pipeline][rollout]") {
  Action back = action_of({change("acme/shop:1.0.1", digest('b'), "acme/shop:1.0.0", 'a')});
  back.way_back = true;
  const Rollout way = rollout_of(back, "4", nullptr, kNow);
  CHECK(way.way_back);
  CHECK_FALSE(way.parts.front().back);
  const Rollout next =
      rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.2", 'c')}, &way);
  REQUIRE(next.parts.size() == 1);
  CHECK(next.parts.front().back->str() == "acme/shop:1.0.0");
}

TEST_CASE("What a rollout wrote is held by its digest, and by its tag where there is none",
          "[pipeline][rollout]") {
  const Rollout rollout = rolled({change("acme/shop:1.0.0", digest('a'), "acme/shop:1.0.1", 'b')});
  const auto holds = holds_for(rollout, "it crashed", kNow);
  REQUIRE(holds.size() == 1);
  CHECK(holds.front().container == "web");
  CHECK(holds.front().digest == digest('b'));
  CHECK(holds.front().tag->str() == "1.0.1");
  CHECK_FALSE(holds.front().and_below);
}
