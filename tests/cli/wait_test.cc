// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>

#include <catch2/catch.hpp>

#include "receiver/api_json.h"
#include "tests/cli/fake_server.h"
#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

using Answer = FakeServer::Answer;

const std::string kId = "01JNZ8Q6T0ABCDEFGHJKMNPQRS";
const std::string kQuestion = "GET /api/v1/progress?of=" + kId;

struct Server {
  Folder folder;
  std::string socket = folder / "longshore.db.sock";

  std::vector<std::string> words(std::vector<std::string> all) const {
    all.insert(all.end(), {"--socket", socket});
    return all;
  }
  Ran wait(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"wait", kId};
    all.insert(all.end(), more.begin(), more.end());
    return run(words(all));
  }
};

Answer an_answer(Progress::State state, const std::string& detail, std::vector<Answer> then = {}) {
  Progress progress;
  progress.state = state;
  progress.detail = detail;
  return {200, to_json(progress), std::move(then)};
}

Rollout a_rollout(RolloutState state) {
  Rollout rollout{.id = *Ulid::parse(kId),
                  .target = "prod",
                  .workload = "Deployment shop/web",
                  .repository = *Repository::parse("acme/app"),
                  .event = *Ulid::parse(kId),
                  .parts = {{"app", *ImageRef::parse("acme/app:1.5"), {}, {}, {}},
                            {"init", *ImageRef::parse("acme/init:1.5"), {}, {}, {}}},
                  .mark = "7",
                  .state = state,
                  .started = *parse_time("2026-03-01T12:00:00Z"),
                  .ended = {},
                  .progress = {},
                  .reason = {}};
  return rollout;
}

TEST_CASE("wait says each time something is new, and ends when all of it came up", "[cli][wait]") {
  const Server control;
  const FakeServer server(
      control.socket,
      {{kQuestion,
        an_answer(Progress::State::pending, "prod: web: 1 of 3 pods are ready",
                  {an_answer(Progress::State::pending, "prod: web: 1 of 3 pods are ready"),
                   an_answer(Progress::State::pending, "prod: web: 2 of 3 pods are ready"),
                   an_answer(Progress::State::completed, "prod: web: 3 of 3 pods are ready")})}});
  const Ran ran = control.wait();
  CHECK(ran.code == 0);
  CHECK(ran.out ==
        "pending    prod: web: 1 of 3 pods are ready\n"
        "pending    prod: web: 2 of 3 pods are ready\n"
        "completed  prod: web: 3 of 3 pods are ready\n");
  CHECK(ran.err.empty());
  CHECK(server.requests().size() == 4);
}

TEST_CASE("wait tells failed, nothing to do and too late apart", "[cli][wait]") {
  struct Case {
    Progress::State state;
    int code;
  };
  const auto item = GENERATE(Case{Progress::State::completed, 0}, Case{Progress::State::failed, 4},
                             Case{Progress::State::nothing, 5}, Case{Progress::State::pending, 6},
                             Case{Progress::State::unknown, 6});
  const Server control;
  const FakeServer server(control.socket, {{kQuestion, an_answer(item.state, "why")}});
  const Ran ran = control.wait({"--timeout", "0s"});
  CAPTURE(ran.out);
  CHECK(ran.code == item.code);
  CHECK(ran.out.starts_with(std::string(name_of(item.state))));
  CHECK(ran.err == (item.code == 6 ? "longshore: it is not over after 0s: why\n" : ""));
}

TEST_CASE("wait --json prints the last document alone", "[cli][wait]") {
  const Server control;
  const Answer last = an_answer(Progress::State::failed, "it crashes");
  const FakeServer server(
      control.socket,
      {{kQuestion, an_answer(Progress::State::unknown, "", {last})},
       {"GET /api/v1/progress?of=acme%2Fapp%3A1", an_answer(Progress::State::pending, "x")}});
  const Ran ran = control.wait({"--json"});
  CHECK(ran.code == 4);
  CHECK(ran.out == last.body);
  const Ran late = run(control.words({"wait", "acme/app:1", "--json", "--timeout", "0s"}));
  CHECK(late.code == 6);
  CHECK(late.out == an_answer(Progress::State::pending, "x").body);
}

TEST_CASE("wait goes on while the server is started again", "[cli][wait]") {
  const Server control;
  auto server = std::make_unique<FakeServer>(
      control.socket,
      FakeServer::Answers{{kQuestion, an_answer(Progress::State::pending, "ready")}});
  Running waiting(control.words({"wait", kId}));
  REQUIRE(waiting.read_line() == "pending    ready");
  server.reset();
  std::filesystem::remove(control.socket);
  server = std::make_unique<FakeServer>(
      control.socket, FakeServer::Answers{{kQuestion,
                                           {503,
                                            "{\"error\":\"the store does not answer\"}",
                                            {an_answer(Progress::State::completed, "done")}}}});
  CHECK(waiting.read_line() == "completed  done");
  CHECK(waiting.exit_code() == 0);
}

TEST_CASE("wait without a server, or for what there is not, ends at once", "[cli][wait]") {
  const Server control;
  CHECK(control.wait().code == 3);
  const FakeServer server(control.socket,
                          {{kQuestion, {404, "{\"error\":\"there is no such event\"}"}},
                           {"GET /api/v1/progress?of=app", {400, "{\"error\":\"neither\"}"}}});
  const Ran none = control.wait();
  CHECK(none.code == 1);
  CHECK(none.err == "longshore: there is no such event\n");
  CHECK(run(control.words({"wait", "app"})).code == 2);
}

TEST_CASE("status shows rollouts with how far they are, and why they failed", "[cli][status]") {
  const Server control;
  StatusReport report;
  report.accepting = true;
  Rollout watched = a_rollout(RolloutState::watching);
  watched.progress = "2 of 3 pods are ready";
  watched.way_back = true;
  Rollout failed = a_rollout(RolloutState::rolled_back);
  failed.target = "edge";
  failed.ended = *parse_time("2026-03-01T12:05:00Z");
  failed.progress = "1 of 3 pods are ready";
  failed.reason = "it crashes";
  report.rollouts = {watched, failed};
  const FakeServer server(control.socket, {{"GET /api/v1/status", {200, to_json(report)}}});
  const Ran ran = run(control.words({"status"}));
  CHECK(ran.code == 0);
  const std::string images = "app: acme/app:1.5, init: acme/init:1.5";
  const std::string expected =
      "\nRollouts\n"
      "TARGET  WORKLOAD             IMAGE                                           STATE        "
      "SINCE                HOW FAR, OR WHY\n"
      "prod    Deployment shop/web  back to " +
      images +
      "  watching     2026-03-01 12:00:00  2 of 3 pods are ready\n"
      "edge    Deployment shop/web  " +
      images + "          rolled back  2026-03-01 12:05:00  it crashes\n";
  CHECK_THAT(ran.out, Catch::Contains(expected));
}

}  // namespace
}  // namespace longshore::cli_tests
