// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/gate.h"

#include <future>

#include <catch2/catch.hpp>

#include "tests/support/manual_clock.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

CallScope within(std::chrono::milliseconds time, std::stop_token stop = {}) {
  return {std::chrono::steady_clock::now() + time, std::move(stop)};
}

}  // namespace

TEST_CASE("Gate lets as many in as fit, and the next when one leaves", "[sinks][registry]") {
  ManualClock clock;
  Gate gate("r.example", 2, {}, clock);
  auto first = gate.enter(within(60s));
  auto second = gate.enter(within(60s));
  REQUIRE((first && second));
  const auto third = gate.enter(within(20ms));
  REQUIRE_FALSE(third);
  CHECK(third.error().code == Errc::busy);
  auto fourth = std::async(std::launch::async, [&] { return gate.enter(within(60s)).has_value(); });
  { const Gate::Pass gone = *std::move(first); }
  CHECK(fourth.get());
}

TEST_CASE("Gate is closed until the moment that was named", "[sinks][registry]") {
  ManualClock clock;
  Gate gate("r.example", 1, {}, clock);
  CHECK_FALSE(gate.closed_until());
  gate.close_for(60s);
  gate.close_for(10s);
  CHECK(gate.closed_until() == clock.steady() + 60s);
  const auto refused = gate.enter(within(60s));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::busy);
  CHECK_THAT(refused.error().message, Contains("r.example") && Contains("2026-03-01T12:01:00"));
  clock.advance(61s);
  CHECK(gate.enter(within(60s)));
  CHECK_FALSE(gate.closed_until());
}

TEST_CASE("Gate spreads requests over time after a burst", "[sinks][registry]") {
  ManualClock clock;
  Gate gate("r.example", 10, 5.0, clock);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i)
    REQUIRE(gate.enter(within(60s)));
  CHECK(gate.enter(within(0ms)).error().code == Errc::busy);
  for (int i = 0; i < 2; ++i)
    REQUIRE(gate.enter(within(60s)));
  CHECK(std::chrono::steady_clock::now() - start >= 350ms);
  Gate slow("r.example", 10, 0.001, clock);
  REQUIRE(slow.enter(within(60s)));
  CHECK(slow.enter(within(60s)).error().code == Errc::busy);
}

TEST_CASE("Gate lets nobody pass who was waiting when it was closed", "[sinks][registry]") {
  ManualClock clock;
  Gate gate("r.example", 2, 0.02, clock);
  const auto inside = gate.enter(within(60s));
  auto turn = std::async(std::launch::async, [&] { return gate.enter(within(120s)).error().code; });
  gate.close_for(60s);
  CHECK(turn.get() == Errc::busy);
}

TEST_CASE("Gate lets go of who is stopped", "[sinks][registry]") {
  ManualClock clock;
  Gate gate("r.example", 1, {}, clock);
  const auto inside = gate.enter(within(60s));
  std::stop_source stop;
  auto waiting = std::async(std::launch::async,
                            [&] { return gate.enter(within(60s, stop.get_token())).error().code; });
  stop.request_stop();
  CHECK(waiting.get() == Errc::unavailable);
}
