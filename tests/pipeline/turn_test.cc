// SPDX-License-Identifier: Apache-2.0
#include "pipeline/turn.h"

#include <catch2/catch.hpp>

#include "pipeline/clock.h"

using namespace longshore;

namespace {

// What runs acme/shop:1.4.1, and the push of 1.4.2.
struct Shop {
  Shop() {
    event.id = EventId::make(SystemClock().now());
    event.seq = 7;
    event.tag = *Tag::parse("1.4.2");
  }
  void run(const std::string& id) { workloads.push_back(std::make_shared<Workload>(workload(id))); }
  void leave_alone(const std::string& id, const std::string& reason) {
    Workload managed = workload(id);
    managed.left_alone.push_back({managed.containers.front(), reason});
    managed.containers.clear();
    workloads.push_back(std::make_shared<Workload>(std::move(managed)));
  }
  TurnResult take(std::span<const Event> events) const {
    const std::vector<Candidate> candidates{{.tag = *event.tag,
                                             .digest = std::nullopt,
                                             .seq = event.seq,
                                             .event = event.id,
                                             .occurred_at = std::nullopt}};
    return take_turn({.repository = event.repository,
                      .events = events,
                      .candidates = candidates,
                      .workloads = workloads,
                      .rules = rules,
                      .unsynced = {},
                      .observed = {},
                      .nearest = {},
                      .under_way = under_way});
  }
  TurnResult take_for_event() const { return take({&event, 1}); }
  TurnResult take_again() const { return take({}); }

  Event event = plain_event(EventKind::pushed, *Repository::parse("acme/shop"), Time{});
  std::vector<WorkloadPtr> workloads;
  std::vector<Action> under_way;

 private:
  static Workload workload(const std::string& id) {
    Workload workload;
    workload.target = "prod";
    workload.id = id;
    workload.containers.push_back({"web", *ImageRef::parse("acme/shop:1.4.1")});
    workload.annotations["longshore.dev/policy"] = "semver";
    return workload;
  }
  const std::vector<PolicyRule> rules;
};

}  // namespace

TEST_CASE("A turn without an event says nothing of what is under way", "[pipeline][turn]") {
  Shop shop;
  shop.run("one");
  shop.run("two");
  shop.under_way = shop.take_again().actions;
  REQUIRE(shop.under_way.size() == 2);
  const TurnResult again = shop.take_again();
  CHECK(again.actions.empty());
  CHECK(again.audit.empty());
  CHECK(again.unchanged.empty());  // or what is under way would be taken back
  CHECK(again.updates == 0);

  // Another change is another action; an event has its line whatever is under way.
  shop.under_way.front().changes.front().to = *ImageRef::parse("acme/shop:1.4.0");
  const TurnResult other = shop.take_again();
  REQUIRE(other.actions.size() == 1);
  CHECK(other.actions.front().workload == "one");
  CHECK(other.audit.size() == 1);
  CHECK(shop.take_for_event().audit.size() == 2);
}

TEST_CASE("What is left alone is skipped with the reason", "[pipeline][turn]") {
  Shop shop;
  shop.leave_alone("managed", "it is managed by somebody");
  const TurnResult alone = shop.take_for_event();
  REQUIRE(alone.audit.size() == 1);
  CHECK(alone.audit.front().decision == "skip");
  CHECK(alone.audit.front().reason == "it is managed by somebody");
  CHECK(alone.audit.front().workload == "prod: managed web");
  CHECK(alone.actions.empty());
  CHECK(alone.skips == 1);
  REQUIRE(alone.decided_by.size() == 1);

  shop.run("one");
  const TurnResult both = shop.take_for_event();
  CHECK(both.actions.size() == 1);
  CHECK(both.audit.size() == 2);
  CHECK(shop.take_again().audit.size() == 1);
}
