// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/event_sender.h"

#include <catch2/catch.hpp>

#include "tests/sinks/kubernetes/fake_api.h"
#include "tests/support/eventually.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

KubeNote note(const std::string& message) {
  return {.object = std::make_shared<const KubeObject>(object_with({})),
          .type = KubeNote::Type::warning,
          .reason = "RolloutFailed",
          .message = message,
          .at = kNoon};
}

struct Fixture {
  FakeApi server;
  HttpClient client;
  KubeApi api{server.options, client, server.clock};
  KubeRights rights;

  void reply(int status, const std::string& body) {
    server.intercept([=](const StubRequest&) { return StubReply{.status = status, .body = body}; });
  }
};

constexpr EventSenderOptions kAtOnce{.settle = 0ms, .spacing = 0ms};

}  // namespace

TEST_CASE("event_request makes an Event about the object", "[sinks][kubernetes]") {
  const KubeCall call = event_request(note("web-1: \xff" + std::string(2'000, 'x')));
  CHECK(call.method == "POST");
  CHECK(call.path == "/api/v1/namespaces/shop/events");
  const Json event = Json::parse(call.body);
  CHECK(event["metadata"]["namespace"] == "shop");
  CHECK(event["involvedObject"]["kind"] == "Deployment");
  CHECK(event["involvedObject"]["apiVersion"] == "apps/v1");
  CHECK(event["involvedObject"]["uid"] == "uid-web");
  CHECK(event["type"] == "Warning");
  CHECK(event["firstTimestamp"] == "2026-03-01T12:00:00Z");
  CHECK(event["message"].get<std::string>().size() <= 1'024);
}

TEST_CASE("EventSender sends what it is given", "[sinks][kubernetes]") {
  Fixture f;
  f.reply(201, "{}");
  EventSender sender(f.api, f.rights, f.server.clock, kAtOnce);
  sender.start();
  sender.send(note("one"));
  sender.send(note("two"));
  REQUIRE(eventually([&] { return f.server.requests().size() == 2; }));
  CHECK_THAT(f.server.requests()[0].body, Contains("one"));
  CHECK_THAT(f.server.requests()[1].body, Contains("two"));
  sender.stop();
  CHECK(sender.dropped() == 0);
}

TEST_CASE("EventSender drops what is too much, and what is refused", "[sinks][kubernetes]") {
  Fixture f;
  f.reply(403, status_of(403, "events is forbidden"));
  EventSenderOptions options = kAtOnce;
  options.capacity_events = 2;
  EventSender sender(f.api, f.rights, f.server.clock, options);
  for (int i = 0; i < 5; ++i)
    sender.send(note("one of many"));
  CHECK(sender.dropped() == 3);
  sender.start();
  REQUIRE(eventually([&] { return f.server.requests().size() == 2; }));
  REQUIRE(eventually([&] { return f.rights.problems().size() == 1; }));
  CHECK(sender.dropped() == 3);
  CHECK_THAT(f.rights.problems()[0],
             Contains("'events' is off: no right to create events in namespace shop"));
}

TEST_CASE("EventSender waits until no more come, and ends at once when told",
          "[sinks][kubernetes]") {
  Fixture f;
  f.reply(201, "{}");
  EventSender sender(f.api, f.rights, f.server.clock, {.settle = 1h, .most = 2h});
  sender.start();
  sender.send(note("not yet"));
  sender.stop();
  CHECK(f.server.requests().empty());
}
