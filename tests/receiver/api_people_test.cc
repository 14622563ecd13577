// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "receiver/api.h"
#include "tests/support/fake_control.h"

using namespace longshore;
using longshore::test::FakeControl;
using Surface = longshore::ApiHandler::Surface;

namespace {

constexpr std::string_view kIdText = "01HZZZZZZZZZZZZZZZZZZZZZZZ";
const Headers kAnn = {{"Longshore-Actor", "ann"}};

HttpReply ask(FakeControl& control, std::string_view path, std::string_view query = "",
              std::string_view method = "POST") {
  const ApiHandler api(control, Surface::control_socket);
  return api.handle(HttpRequest{method, path, query, kAnn, "", "unix"});
}

Time at(int seconds) {
  return Time{std::chrono::seconds{1'772'366'400 + seconds}};
}

Hold a_hold() {
  return {"prod", "web", "",   *Repository::parse("nginx"), {}, *Tag::parse("1.25"), "slow",
          true,   "ann", at(1)};
}

const std::string kHoldJson =
    "{\"target\":\"prod\",\"workload\":\"web\",\"repository\":\"docker.io/library/nginx\","
    "\"tag\":\"1.25\",\"and_below\":true,\"reason\":\"slow\",\"actor\":\"ann\","
    "\"since\":\"2026-03-01T12:00:01.000000Z\"}";
const std::string kPauseJson =
    "{\"target\":\"prod\",\"reason\":\"audit\",\"actor\":\"ann\","
    "\"since\":\"2026-03-01T12:00:00.000000Z\"}";

}  // namespace

TEST_CASE("A pause is told to the pipeline with its place and who says it", "[receiver][api]") {
  FakeControl control;
  control.said.place = {"prod", "", "audit", "ann", at(0)};
  const HttpReply reply = ask(control, "/api/v1/pause", "target=prod&reason=the+audit");
  CHECK(reply.status == 200);
  CHECK(reply.body == kPauseJson + "\n");
  CHECK(control.said.asked.target == "prod");
  CHECK(control.said.asked.workload.empty());
  CHECK(control.said.reason == "the audit");
  CHECK(control.said.actor == "ann");
  CHECK(ask(control, "/api/v1/pause").status == 200);
  CHECK(control.said.asked.target.empty());
}

TEST_CASE("An order with a parameter that is not understood is refused", "[receiver][api]") {
  FakeControl control;
  control.said.actor = "nobody";
  const auto query = GENERATE("workload=", "target=", "workload=%zz", "workload=a&workload=b",
                              "worklaod=web", "workload", "x=1", "workload=web&reason=");
  CAPTURE(query);
  CHECK(ask(control, "/api/v1/pause", query).status == 400);
  CHECK(ask(control, "/api/v1/unhold", query).status == 400);
  CHECK(control.said.actor == "nobody");
}

TEST_CASE("What resume ended and what still holds is told", "[receiver][api]") {
  FakeControl control;
  control.said.place = {"prod", "", "audit", "ann", at(0)};
  CHECK(ask(control, "/api/v1/resume", "target=prod").body ==
        "{\"ended\":" + kPauseJson + ",\"still\":[]}\n");
  control.said.failure = Error{Errc::not_found, "it is not paused"};
  CHECK(ask(control, "/api/v1/resume").status == 404);
}

TEST_CASE("Holds are made and ended by name, image and container", "[receiver][api]") {
  FakeControl control;
  control.said.holds = {a_hold()};
  const HttpReply reply = ask(control, "/api/v1/hold",
                              "workload=prod%3A+web&ref=nginx%3A1.25&container=app&reason=slow");
  CHECK(reply.status == 200);
  CHECK(reply.body == "{\"holds\":[" + kHoldJson + "]}\n");
  CHECK(control.said.request.scope.workload == "prod: web");
  CHECK(control.said.request.reference == "nginx:1.25");
  CHECK(control.said.request.container == "app");
  CHECK(control.said.request.reason == "slow");
  CHECK(ask(control, "/api/v1/hold", "workload=web").status == 400);
  CHECK(ask(control, "/api/v1/unhold", "workload=web").status == 200);
  CHECK(control.said.request.reference.empty());
  control.said.failure = Error{Errc::invalid_input, "'w' fits 2 workloads"};
  CHECK(ask(control, "/api/v1/unhold", "workload=w").body ==
        "{\"error\":\"'w' fits 2 workloads\"}\n");
}

TEST_CASE("Holds and pauses are part of the status", "[receiver][api]") {
  FakeControl control;
  control.report.holds = {a_hold()};
  control.report.pauses = {{"prod", "", "audit", "ann", at(0)}};
  const std::string body = ask(control, "/api/v1/status", "", "GET").body;
  CHECK(body.ends_with(",\"pauses\":[" + kPauseJson + "],\"holds\":[" + kHoldJson + "]}\n"));
}

TEST_CASE("The plan has a line for each container, and for each tag if asked", "[receiver][api]") {
  FakeControl control;
  control.said.planned.containers = {{"prod",
                                      "web",
                                      "app",
                                      *ImageRef::parse("nginx:1.24"),
                                      "update",
                                      "nginx:1.25",
                                      "1.25 is higher",
                                      false,
                                      {{*Tag::parse("1.25"), true, "is the highest"}}}};
  control.said.planned.left_out = 3;
  control.said.planned.unsynced = {"edge"};
  const std::string start =
      "{\"plan\":[{\"target\":\"prod\",\"workload\":\"web\",\"container\":\"app\","
      "\"image\":\"nginx:1.24\",\"decision\":\"update\",\"to\":\"nginx:1.25\","
      "\"reason\":\"1.25 is higher\",\"observed\":false";
  const std::string end = "}],\"left_out\":3,\"unsynced\":[\"edge\"]}\n";
  CHECK(ask(control, "/api/v1/plan", "workload=web", "GET").body == start + end);
  CHECK(control.said.asked.workload == "web");
  CHECK(ask(control, "/api/v1/plan", "why=true", "GET").body ==
        start + ",\"candidates\":[{\"tag\":\"1.25\",\"wins\":true,\"why\":\"is the highest\"}]" +
            end);
  CHECK(ask(control, "/api/v1/plan", "wy=true", "GET").status == 400);
}

TEST_CASE("A replay is answered when its event is durable", "[receiver][api]") {
  FakeControl control;
  const Ulid fresh = *Ulid::parse("01HZZZZZZZZZZZZZZZZZZZZZZY");
  control.said.accepted = Accepted{fresh, 1, 0, 42};
  const std::string path = "/api/v1/events/" + std::string(kIdText) + "/replay";
  const HttpReply reply = ask(control, path);
  CHECK(reply.status == 200);
  CHECK(reply.durable_after == 42);
  CHECK(reply.body ==
        "{\"id\":\"" + fresh.str() + "\",\"replayed\":\"" + std::string(kIdText) + "\"}\n");
  CHECK(control.said.replayed == *Ulid::parse(kIdText));
  CHECK(control.said.actor == "ann");
  CHECK(ask(control, "/api/v1/events/nonsense/replay").status == 400);
  control.said.failure = Error{Errc::conflict, "never acted upon"};
  CHECK(ask(control, path).status == 409);
}

TEST_CASE("A rollback tells its action and what is held", "[receiver][api]") {
  FakeControl control;
  const ImageRef from = *ImageRef::parse("nginx:1.25");
  control.said.action = Action{.id = *Ulid::parse(kIdText),
                               .target = "prod",
                               .workload = "web",
                               .repository = from.repository(),
                               .changes = {{"app", from, *ImageRef::parse("nginx:1.24"), {}}},
                               .event = *Ulid::parse(kIdText),
                               .seq = 0,
                               .reason = "rollback by ann",
                               .state = ActionState::ready,
                               .attempts = 0,
                               .created = at(0),
                               .due = at(0),
                               .error = {}};
  control.said.holds = {a_hold()};
  const HttpReply reply = ask(control, "/api/v1/rollback", "workload=web&to=1.24");
  CHECK(reply.status == 200);
  CHECK(reply.body.find("\"to\":\"nginx:1.24\"") != std::string::npos);
  CHECK(reply.body.ends_with(",\"holds\":[" + kHoldJson + "]}\n"));
  CHECK(control.said.to == "1.24");
}

TEST_CASE("Orders are posted, plans are read, and the network sees neither", "[receiver][api]") {
  FakeControl control;
  const std::string replay = "/api/v1/events/" + std::string(kIdText) + "/replay";
  const std::string path = GENERATE_COPY(
      std::string("/api/v1/pause"), std::string("/api/v1/resume"), std::string("/api/v1/hold"),
      std::string("/api/v1/unhold"), std::string("/api/v1/rollback"), replay);
  CAPTURE(path);
  const HttpReply read = ask(control, path, "", "GET");
  CHECK(read.status == 405);
  CHECK(find_header(read.headers, "Allow") == "POST");
  CHECK(ask(control, "/api/v1/plan", "", "POST").status == 405);
  const ApiHandler network(control, Surface::network);
  CHECK(network.handle(HttpRequest{"POST", path, "", kAnn, "", "127.0.0.1"}).status == 404);
  CHECK(control.said.actor.empty());
}

namespace {

Rollout a_rollout(const std::string& workload) {
  const ImageRef to = *ImageRef::parse("nginx:1.25");
  return {.id = *Ulid::parse(kIdText),
          .target = "prod",
          .workload = workload,
          .repository = to.repository(),
          .event = *Ulid::parse(kIdText),
          .parts = {{"init", to, {}, {}, {}}},
          .mark = "3",
          .started = at(0),
          .ended = {},
          .progress = {},
          .reason = {}};
}

// Up to its state.
std::string rollout_json(const std::string& workload) {
  const std::string id(kIdText);
  return "{\"id\":\"" + id + "\",\"target\":\"prod\",\"workload\":\"" + workload +
         "\",\"repository\":\"docker.io/library/nginx\",\"event\":\"" + id + "\",";
}

const std::string kStarted = "\"started\":\"2026-03-01T12:00:00.000000Z\",";
const std::string kInitJson = "{\"container\":\"init\",\"to\":\"nginx:1.25\"}]}";

}  // namespace

TEST_CASE("What somebody waits for is told with its actions and rollouts", "[receiver][api]") {
  FakeControl control;
  const Digest digest = *Digest::parse("sha256:" + std::string(64, 'a'));
  Rollout ended = a_rollout("web");
  ended.state = RolloutState::rolled_back;
  ended.ended = at(5);
  ended.progress = "1 of 3";
  ended.reason = "it crashes";
  ended.parts.insert(ended.parts.begin(), {"app", *ImageRef::parse("nginx:1.25"), digest,
                                           *ImageRef::parse("nginx:1.24"), digest});
  Rollout way_back = a_rollout("db");
  way_back.way_back = true;
  control.said.progress = {
      Progress::State::pending, "prod: web: 1 of 3 pods are ready", {}, {ended, way_back}};
  const HttpReply reply = ask(control, "/api/v1/progress", "of=nginx%3A1.25", "GET");
  CHECK(reply.status == 200);
  CHECK(control.said.waited_for == "nginx:1.25");
  CHECK(reply.body ==
        "{\"state\":\"pending\",\"detail\":\"prod: web: 1 of 3 pods are ready\",\"actions\":[],"
        "\"rollouts\":[" +
            rollout_json("web") + "\"state\":\"rolled back\",\"way_back\":false," + kStarted +
            "\"ended\":\"2026-03-01T12:00:05.000000Z\",\"progress\":\"1 of 3\","
            "\"reason\":\"it crashes\",\"containers\":["
            "{\"container\":\"app\",\"to\":\"nginx:1.25\",\"digest\":\"" +
            digest.str() + "\",\"back\":\"nginx:1.24\",\"back_digest\":\"" + digest.str() + "\"}," +
            kInitJson + "," + rollout_json("db") + "\"state\":\"watching\",\"way_back\":true," +
            kStarted + "\"containers\":[" + kInitJson + "]}\n");
  control.said.progress = {};
  CHECK(ask(control, "/api/v1/progress", "of=nginx:1", "GET").body ==
        "{\"state\":\"unknown\",\"actions\":[],\"rollouts\":[]}\n");
}

TEST_CASE("Who waits names an event or an image", "[receiver][api]") {
  FakeControl control;
  CHECK(ask(control, "/api/v1/progress", "", "GET").status == 400);
  CHECK(ask(control, "/api/v1/progress", "of=", "GET").status == 400);
  CHECK(ask(control, "/api/v1/progress", "image=nginx:1", "GET").status == 400);
  CHECK(control.said.waited_for.empty());
  CHECK(ask(control, "/api/v1/progress", "of=nginx:1").status == 405);
  control.said.failure = Error{Errc::not_found, "there is no such event"};
  CHECK(ask(control, "/api/v1/progress", "of=nginx:1", "GET").status == 404);
}

TEST_CASE("Rollouts are part of the status", "[receiver][api]") {
  FakeControl control;
  control.report.rollouts = {a_rollout("web")};
  CHECK(ask(control, "/api/v1/status", "", "GET")
            .body.find(",\"rollouts\":[" + rollout_json("web") +
                       "\"state\":\"watching\",\"way_back\":false," + kStarted +
                       "\"containers\":[" + kInitJson + "],\"waits\":") != std::string::npos);
}
