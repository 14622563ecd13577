// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <catch2/catch.hpp>

#include "receiver/api_json.h"
#include "tests/cli/fake_server.h"
#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

struct Control {
  Folder folder;
  std::string socket = folder / "longshore.db.sock";

  Ran ask(std::vector<std::string> words, const Given& given = {}) const {
    words.insert(words.end(), {"--socket", socket});
    return run(words, given);
  }
};

Pause a_pause(const std::string& target, const std::string& workload) {
  return {target, workload, "the audit", "ann", *parse_time("2026-03-01T12:00:00Z")};
}

Hold a_hold() {
  return {.target = "prod",
          .workload = "web",
          .container = "app",
          .repository = *Repository::parse("acme/app"),
          .digest = {},
          .tag = *Tag::parse("1.5"),
          .reason = "it leaks",
          .and_below = true,
          .actor = "ann",
          .since = *parse_time("2026-03-01T12:00:00Z")};
}

TEST_CASE("pause and resume say what they concern", "[cli][people]") {
  const Control control;
  const FakeServer server(
      control.socket,
      {{"POST /api/v1/pause", {200, to_json(a_pause("", ""))}},
       {"POST /api/v1/pause?workload=web&target=prod&reason=the%20audit",
        {200, to_json(a_pause("prod", "web"))}},
       {"POST /api/v1/resume", {200, to_json(Resumed{a_pause("", ""), {a_pause("prod", "")}})}}});
  const Ran all = control.ask({"pause"});
  CHECK(all.code == 0);
  CHECK(all.out == "everything: nothing is changed until `longshore resume`\n");
  const Ran one = control.ask({"pause", "web", "--target", "prod", "--reason", "the audit"});
  CHECK(one.out == "prod: web: nothing is changed until `longshore resume`\n");
  const Ran resumed = control.ask({"resume"});
  CHECK(resumed.out == "everything: goes on\nstill paused: target prod, by ann\n");
  CHECK(control.ask({"resume", "--json"}).out ==
        to_json(Resumed{a_pause("", ""), {a_pause("prod", "")}}));
}

TEST_CASE("An empty name is sent as such: it never means everything", "[cli][people]") {
  const Control control;
  const FakeServer server(control.socket,
                          {{"POST /api/v1/pause", {200, to_json(a_pause("", ""))}},
                           {"POST /api/v1/pause?workload=", {400, "{\"error\":\"workload\"}"}},
                           {"POST /api/v1/pause?target=", {400, "{\"error\":\"target\"}"}}});
  CHECK(control.ask({"pause", ""}).code == 2);
  CHECK(control.ask({"pause", "--target", ""}).code == 2);
}

TEST_CASE("hold and unhold name what is held", "[cli][people]") {
  const Control control;
  const std::string answer = to_json(std::vector{a_hold()});
  const FakeServer server(
      control.socket,
      {{"POST /api/v1/hold?workload=prod%3A%20web&ref=1.5&container=app&reason=it%20leaks",
        {200, answer}},
       {"POST /api/v1/unhold?workload=web", {200, answer}}});
  const Ran held =
      control.ask({"hold", "prod: web", "1.5", "--container", "app", "--reason", "it leaks"});
  CHECK(held.code == 0);
  CHECK(held.out == "prod: web app will not get docker.io/acme/app:1.5 and below\n");
  CHECK(control.ask({"unhold", "web"}).out ==
        "prod: web app may get again docker.io/acme/app:1.5 and below\n");
  CHECK(control.ask({"unhold", "other"}).code == 1);
}

TEST_CASE("plan has a line for each container and says what is missing", "[cli][people]") {
  const Control control;
  Plan plan;
  plan.containers = {{"prod",
                      "web",
                      "app",
                      *ImageRef::parse("acme/app:1.4"),
                      "update",
                      "acme/app:1.5",
                      "1.5 is the highest",
                      true,
                      {{*Tag::parse("1.5"), true, "is the highest"}}},
                     {"prod",
                      "web",
                      "proxy",
                      *ImageRef::parse("envoy:1"),
                      "none",
                      "",
                      "it has no policy",
                      false,
                      {}}};
  plan.left_out = 7;
  plan.unsynced = {"edge"};
  const FakeServer server(
      control.socket,
      {{"GET /api/v1/plan", {200, to_json(plan, PlanDetail::decisions)}},
       {"GET /api/v1/plan?workload=web&why=true", {200, to_json(plan, PlanDetail::candidates)}}});
  const Ran ran = control.ask({"plan"});
  CHECK(ran.code == 0);
  CHECK(ran.out ==
        "update  prod: web app  acme/app:1.4 -> acme/app:1.5  1.5 is the highest; the target is "
        "only observed\n"
        "none    prod: web proxy  envoy:1  it has no policy\n"
        "7 more containers: name a workload or a --target\n"
        "target edge has not been read completely yet: it is planned only in part\n");
  const Ran why = control.ask({"plan", "web", "--why"});
  CHECK(why.out.find("  1.5  wins  is the highest\n") != std::string::npos);
  CHECK(control.ask({"plan", "--json"}).out == to_json(plan, PlanDetail::decisions));
}

TEST_CASE("replay and rollback say what follows", "[cli][people]") {
  const Control control;
  const std::string id = "01JNZ8Q6T0ABCDEFGHJKMNPQRS";
  const std::string fresh = "01JNZ8Q6T0ABCDEFGHJKMNPQRT";
  const Action action{.id = *Ulid::parse(id),
                      .target = "prod",
                      .workload = "web",
                      .repository = *Repository::parse("acme/app"),
                      .changes = {{"app", *ImageRef::parse("acme/app:1.5"),
                                   *ImageRef::parse("acme/app:1.4"), std::nullopt}},
                      .event = *Ulid::parse(id),
                      .seq = 0,
                      .reason = "rollback by ann",
                      .state = ActionState::ready,
                      .attempts = 0,
                      .created = {},
                      .due = {},
                      .error = {}};
  const FakeServer server(
      control.socket,
      {{"POST /api/v1/events/" + id + "/replay",
        {200, "{\"id\":\"" + fresh + "\",\"replayed\":\"" + id + "\"}"}},
       {"POST /api/v1/rollback?workload=web", {200, to_json(RolledBack{action, {a_hold()}})}},
       {"POST /api/v1/rollback?workload=web&to=1.3", {409, "{\"error\":\"it runs already\"}"}}});
  const Ran replayed = control.ask({"replay", id});
  CHECK(replayed.code == 0);
  CHECK(replayed.out.find("accepted anew as " + fresh) != std::string::npos);
  CHECK(control.ask({"replay", "nonsense"}).code == 2);
  const Ran back = control.ask({"rollback", "web"});
  CHECK(back.out ==
        "prod: web goes back, app: acme/app:1.5 -> acme/app:1.4\n"
        "docker.io/acme/app:1.5 and below is held until `longshore unhold`\n");
  const Ran refused = control.ask({"rollback", "web", "--to", "1.3"});
  CHECK(refused.code == 1);
  CHECK(refused.err == "longshore: it runs already\n");
}

TEST_CASE("status shows who paused and held what", "[cli][people]") {
  const Control control;
  StatusReport report;
  report.accepting = true;
  report.pauses = {a_pause("", ""), a_pause("edge", "")};
  report.holds = {a_hold()};
  const FakeServer server(control.socket, {{"GET /api/v1/status", {200, to_json(report)}}});
  const Ran ran = control.ask({"status"});
  INFO(ran.out);
  CHECK(ran.code == 0);
  const auto place = [&](const std::string& text) { return ran.out.find(text); };
  const std::size_t top =
      place("everything is paused, by ann since 2026-03-01 12:00:00 UTC: the audit\n");
  CHECK(top < place("events   "));
  CHECK(place("target edge  ann  2026-03-01 12:00:00  the audit\n") != std::string::npos);
  CHECK(
      place("app        docker.io/acme/app:1.5 and below  ann  2026-03-01 12:00:00  it leaks\n") !=
      std::string::npos);
}

TEST_CASE("Who types a command is told to the server", "[cli][people]") {
  const Control control;
  const FakeServer server(control.socket,
                          {{"POST /api/v1/pause", {200, to_json(a_pause("", ""))}}});
  REQUIRE(control.ask({"pause"}).code == 0);
  Given behind_sudo;
  behind_sudo.environment["SUDO_USER"] = "ann";
  REQUIRE(control.ask({"pause"}, behind_sudo).code == 0);
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].find("\r\nLongshore-Actor: ") != std::string::npos);
  CHECK(requests[0].find("Longshore-Actor: ann\r\n") == std::string::npos);
  CHECK(requests[1].find("\r\nLongshore-Actor: ann\r\n") != std::string::npos);
}

}  // namespace
}  // namespace longshore::cli_tests
