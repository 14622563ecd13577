// SPDX-License-Identifier: Apache-2.0
#include "receiver/api.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_control.h"

using namespace longshore;
using longshore::test::FakeControl;
using Surface = longshore::ApiHandler::Surface;

namespace {

constexpr std::string_view kIdText = "01HZZZZZZZZZZZZZZZZZZZZZZZ";
const std::string kHex(64, 'a');

HttpReply ask(const ApiHandler& api, std::string_view path, std::string_view query = "",
              std::string_view method = "GET", const Headers& headers = {}) {
  return api.handle(HttpRequest{method, path, query, headers, "", "127.0.0.1"});
}

Time at(int seconds) {
  return Time{std::chrono::seconds{1'772'366'400 + seconds}};
}

Action an_action() {
  const ImageRef from = *ImageRef::parse("nginx:1.24");
  const ImageRef to = *ImageRef::parse("nginx:1.25");
  Action action{*Ulid::parse(kIdText),
                "prod",
                "web.yaml Deployment shop/web",
                from.repository(),
                {{"web", from, to, *Digest::parse("sha256:" + kHex)}},
                *Ulid::parse(kIdText),
                7,
                "1.25 is higher",
                ActionState::waiting,
                2,
                at(0),
                at(60),
                "no route"};
  return action;
}

}  // namespace

TEST_CASE("The process says that it lives", "[receiver][api]") {
  FakeControl control;
  const ApiHandler api(control, Surface::network);
  CHECK(ask(api, "/healthz").status == 200);
  CHECK(ask(api, "/healthz", "", "HEAD").status == 200);
  const HttpReply post = ask(api, "/healthz", "", "POST");
  CHECK(post.status == 405);
  CHECK(find_header(post.headers, "Allow") == "GET");
}

TEST_CASE("Readiness is whether a notification would be kept", "[receiver][api]") {
  FakeControl control;
  const ApiHandler api(control, Surface::network);
  control.report.accepting = true;
  CHECK(ask(api, "/readyz").status == 200);
  control.report.accepting = false;
  control.report.fault = "fsync failed: \"disk\"";
  const HttpReply reply = ask(api, "/readyz");
  CHECK(reply.status == 503);
  CHECK(reply.body == "{\"accepting\":false,\"fault\":\"fsync failed: \\\"disk\\\"\"}\n");
}

TEST_CASE("A target that is away does not make us unready", "[receiver][api]") {
  FakeControl control;
  const ApiHandler api(control, Surface::network);
  control.report.accepting = true;
  control.report.targets.push_back({"prod", "kubernetes", {false, {}, 0, {"no route"}}, false});
  CHECK(ask(api, "/readyz").status == 200);
}

TEST_CASE("Metrics have the Prometheus text format", "[receiver][api]") {
  FakeControl control;
  using Type = Metric::Type;
  control.numbers = {
      {"longshore_events_total",
       "Events \\ taken\nin.",
       Type::counter,
       {{"source", "a\"b\\c\nd"}},
       3},
      {"longshore_backlog", "Waiting.", Type::gauge, {}, 0.5},
      {"longshore_events_total",
       "Events \\ taken\nin.",
       Type::counter,
       {{"source", "x"}, {"type", "hub"}},
       12'345'678},
  };
  const HttpReply reply = ask(ApiHandler(control, Surface::network), "/metrics");
  CHECK(reply.status == 200);
  CHECK(find_header(reply.headers, "Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(reply.body ==
        "# HELP longshore_events_total Events \\\\ taken\\nin.\n"
        "# TYPE longshore_events_total counter\n"
        "longshore_events_total{source=\"a\\\"b\\\\c\\nd\"} 3\n"
        "longshore_events_total{source=\"x\",type=\"hub\"} 12345678\n"
        "# HELP longshore_backlog Waiting.\n"
        "# TYPE longshore_backlog gauge\n"
        "longshore_backlog 0.5\n");
}

TEST_CASE("Metrics that are no numbers are written as Prometheus reads them", "[receiver][api]") {
  FakeControl control;
  control.numbers = {
      {"a", "A.", Metric::Type::gauge, {}, std::numeric_limits<double>::infinity()},
      {"a", "A.", Metric::Type::gauge, {}, -std::numeric_limits<double>::infinity()},
      {"a", "A.", Metric::Type::gauge, {}, std::numeric_limits<double>::quiet_NaN()}};
  const std::string body = ask(ApiHandler(control, Surface::network), "/metrics").body;
  CHECK(body == "# HELP a A.\n# TYPE a gauge\na +Inf\na -Inf\na NaN\n");
}

TEST_CASE("The network does not see the control API", "[receiver][api]") {
  FakeControl control;
  const ApiHandler api(control, Surface::network);
  const auto path = GENERATE("/api/v1/status", "/api/v1/actions", "/api/v1/history",
                             "/api/v1/audit/head", "/api/v1/", "/", "/console", "");
  CHECK(ask(api, path).status == 404);
  const std::string retry = "/api/v1/actions/" + std::string(kIdText) + "/retry";
  CHECK(ask(api, retry, "", "POST").status == 404);
  CHECK(control.retried.empty());
}

TEST_CASE("The status is told in full", "[receiver][api]") {
  FakeControl control;
  StatusReport& report = control.report;
  report.started = at(0);
  report.fault = "full";
  report.accepted = 5;
  report.durable = 9;
  report.actions = {{"dead", 1}};
  report.troubled = {an_action()};
  report.targets.push_back({"prod", "files", {true, at(1), 2, {"bad\xff.yaml"}}, true});
  report.waits.push_back({"prod", *Repository::parse("nginx"), {}, "not synced", at(2), {}});
  report.bad_policies.push_back({"prod", "web", "", "semver:x is no range"});
  const HttpReply reply = ask(ApiHandler(control, Surface::control_socket), "/api/v1/status");
  CHECK(reply.status == 200);
  CHECK(reply.body ==
        "{\"version\":\"" LONGSHORE_VERSION
        "\",\"started\":\"2026-03-01T12:00:00.000000Z\",\"accepting\":false,\"fault\":\"full\","
        "\"accepted\":5,\"duplicates\":0,\"refused\":0,\"backlog\":0,\"durable\":9,"
        "\"targets\":[{\"name\":\"prod\",\"type\":\"files\",\"synced\":true,\"workloads\":2,"
        "\"observed\":true,\"problems\":[\"bad\xef\xbf\xbd.yaml\"],"
        "\"synced_at\":\"2026-03-01T12:00:01.000000Z\"}],"
        "\"actions\":{\"dead\":1},"
        "\"troubled\":[{\"id\":\"01HZZZZZZZZZZZZZZZZZZZZZZZ\",\"target\":\"prod\","
        "\"workload\":\"web.yaml Deployment shop/web\",\"repository\":\"docker.io/library/nginx\","
        "\"changes\":[{\"container\":\"web\",\"from\":\"nginx:1.24\",\"to\":\"nginx:1.25\","
        "\"from_digest\":\"sha256:" +
            kHex +
            "\"}],\"event\":\"01HZZZZZZZZZZZZZZZZZZZZZZZ\",\"seq\":7,"
            "\"reason\":\"1.25 is higher\",\"state\":\"waiting for retry\",\"attempts\":2,"
            "\"created\":\"2026-03-01T12:00:00.000000Z\",\"due\":\"2026-03-01T12:01:00.000000Z\","
            "\"error\":\"no route\"}],"
            "\"rollouts\":[],\"waits\":[{\"target\":\"prod\",\"repository\":\"docker.io/library/"
            "nginx\","
            "\"reason\":\"not synced\",\"since\":\"2026-03-01T12:00:02.000000Z\"}],"
            "\"sweep\":{\"repositories\":0,\"waiting\":0,\"done\":0,\"found\":0,\"failing\":[]},"
            "\"bad_policies\":[{\"target\":\"prod\",\"workload\":\"web\","
            "\"message\":\"semver:x is no range\"}],\"pauses\":[],\"holds\":[]}\n");
}

TEST_CASE("Actions are asked for by state and number", "[receiver][api]") {
  FakeControl control;
  const ApiHandler api(control, Surface::control_socket);
  CHECK(ask(api, "/api/v1/actions").body == "{\"actions\":[]}\n");
  CHECK(control.asked_limit == 100);
  CHECK_FALSE(control.asked_state);
  CHECK(ask(api, "/api/v1/actions", "state=in+flight&limit=7").status == 200);
  CHECK(control.asked_state == ActionState::in_flight);
  CHECK(control.asked_limit == 7);
  CHECK(ask(api, "/api/v1/actions", "state=waiting-for-retry").status == 200);
  CHECK(control.asked_state == ActionState::waiting);
  const auto query =
      GENERATE("state=odd", "state=", "limit=0", "limit=1001", "limit=-1", "limit=1x", "limit=");
  CAPTURE(query);
  CHECK(ask(api, "/api/v1/actions", query).status == 400);
}

TEST_CASE("An action is tried again on behalf of whoever asks", "[receiver][api]") {
  FakeControl control;
  const ApiHandler api(control, Surface::control_socket);
  const std::string path = "/api/v1/actions/" + std::string(kIdText) + "/retry";
  const HttpReply reply = ask(api, path, "", "POST", {{"Longshore-Actor", "ann\x01"}});
  CHECK(reply.status == 200);
  CHECK(reply.body == "{\"id\":\"" + std::string(kIdText) + "\"}\n");
  CHECK(ask(api, path, "", "POST").status == 200);
  REQUIRE(control.retried.size() == 2);
  CHECK(control.retried[0].second == "ann?");
  CHECK(control.retried[1].second == "operator");

  CHECK(ask(api, path).status == 405);
  CHECK(ask(api, "/api/v1/actions/nonsense/retry", "", "POST").status == 400);
  CHECK(ask(api, "/api/v1/actions//retry", "", "POST").status == 404);
  CHECK(ask(api, "/api/v1/actions/retry", "", "POST").status == 404);
  control.failure = Error{Errc::not_found, "no such action"};
  CHECK(ask(api, path, "", "POST").status == 404);
  control.failure = Error{Errc::conflict, "it is done"};
  CHECK(ask(api, path, "", "POST").body == "{\"error\":\"it is done\"}\n");
  CHECK(ask(api, path, "", "POST").status == 409);
}

TEST_CASE("History is that of a repository, or of one tag of it", "[receiver][api]") {
  FakeControl control;
  const ApiHandler api(control, Surface::control_socket);
  const Ulid id = *Ulid::parse(kIdText);
  control.entries = {{*Tag::parse("2"), *Digest::parse("sha256:" + kHex), at(1), {}, id, 2, true},
                     {*Tag::parse("1"), {}, at(0), at(1), id, 1, false}};
  const std::string newer = "{\"tag\":\"2\",\"digest\":\"sha256:" + kHex +
                            "\",\"since\":\"2026-03-01T12:00:01.000000Z\",\"event\":\"" +
                            std::string(kIdText) + "\",\"seq\":2,\"verified\":true}";
  const std::string older =
      "{\"tag\":\"1\",\"since\":\"2026-03-01T12:00:00.000000Z\","
      "\"until\":\"2026-03-01T12:00:01.000000Z\",\"event\":\"" +
      std::string(kIdText) + "\",\"seq\":1,\"verified\":false}";
  const std::string start = "{\"repository\":\"ghcr.io/acme/app\",\"history\":[";
  CHECK(ask(api, "/api/v1/history", "image=ghcr.io%2Facme%2Fapp").body ==
        start + newer + "," + older + "]}\n");
  CHECK(ask(api, "/api/v1/history", "image=ghcr.io/acme/app:1").body == start + older + "]}\n");
  CHECK(ask(api, "/api/v1/history", "image=ghcr.io/acme/app&limit=1").body ==
        start + newer + "]}\n");
  CHECK(control.asked_repository == *Repository::parse("ghcr.io/acme/app"));
  CHECK(ask(api, "/api/v1/history").status == 400);
  CHECK(ask(api, "/api/v1/history", "image=Not/An/Image").status == 400);
}

TEST_CASE("The head of the audit is told with its hash", "[receiver][api]") {
  FakeControl control;
  control.head.lines = 12;
  control.head.hash.fill(0xab);
  std::string hash;
  for (int i = 0; i < 32; ++i)
    hash += "ab";
  CHECK(ask(ApiHandler(control, Surface::control_socket), "/api/v1/audit/head").body ==
        "{\"lines\":12,\"hash\":\"" + hash + "\"}\n");
}

TEST_CASE("Failures of the pipeline become statuses", "[receiver][api]") {
  FakeControl control;
  const ApiHandler api(control, Surface::control_socket);
  control.failure = Error{Errc::unavailable, "the store is closing"};
  CHECK(ask(api, "/api/v1/actions").status == 503);
  CHECK(ask(api, "/api/v1/history", "image=nginx").status == 503);
  CHECK(ask(api, "/api/v1/unknown").status == 404);
  CHECK(ask(api, "/api/v1/status", "", "DELETE").status == 405);
}
