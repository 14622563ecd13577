// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <catch2/catch.hpp>

#include "pipeline/audit_entry.h"
#include "receiver/api_json.h"
#include "tests/cli/fake_server.h"
#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

Action waiting_action() {
  return {.id = *Ulid::parse("01JNZ8Q6T0ABCDEFGHJKMNPQRS"),
          .target = "prod",
          .workload = "web.yaml Deployment shop/web",
          .repository = *Repository::parse("acme/app"),
          .changes = {{"app", *ImageRef::parse("acme/app:1.0"), *ImageRef::parse("acme/app:1.1"),
                       std::nullopt}},
          .event = *Ulid::parse("01JNZ8Q6T0ABCDEFGHJKMNPQRT"),
          .seq = 4,
          .reason = "1.1 is the highest",
          .state = ActionState::waiting,
          .attempts = 3,
          .created = *parse_time("2026-03-01T12:00:00Z"),
          .due = *parse_time("2026-03-01T12:05:00Z"),
          .error = "read-only file system"};
}

StatusReport full_report() {
  StatusReport report;
  report.started = *parse_time("2026-03-01T11:00:00Z");
  report.accepting = true;
  report.accepted = 10;
  report.duplicates = 2;
  report.refused = 1;
  TargetState state;
  state.synced = true;
  state.synced_at = *parse_time("2026-03-01T11:00:01Z");
  state.workloads = 7;
  state.problems = {"a.yaml: larger than 4 MiB"};
  report.targets = {{"prod", "files", state, true}};
  report.actions = {{"done", 5}, {"waiting for retry", 1}};
  report.troubled = {waiting_action()};
  report.waits = {{"edge", *Repository::parse("acme/app"), std::nullopt, "the target is not synced",
                   *parse_time("2026-03-01T11:59:00Z"), std::nullopt}};
  report.sweep = {.repositories = 12,
                  .waiting = 2,
                  .done = 31,
                  .found = 4,
                  .oldest = *parse_time("2026-03-01T11:30:00Z"),
                  .failing = {{"", *Repository::parse("ghcr.io/acme/private"), std::nullopt,
                               "ghcr.io wants a user name", *parse_time("2026-03-01T11:40:00Z"),
                               *parse_time("2026-03-01T12:10:00Z")}}};
  report.bad_policies = {{"prod", "web.yaml Deployment shop/web", "app", "policy 'semvr'"}};
  return report;
}

struct Control {
  Folder folder;
  std::string socket = folder / "longshore.db.sock";

  Ran ask(std::vector<std::string> words) const {
    words.insert(words.end(), {"--socket", socket});
    return run(words);
  }
};

TEST_CASE("Without a running server the exit code is 3", "[cli][server]") {
  const Control control;
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"actions"},
                                             {"history", "nginx"},
                                             {"actions", "retry", "01JNZ8Q6T0ABCDEFGHJKMNPQRS"}}) {
    const Ran ran = control.ask(words);
    CHECK(ran.code == 3);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(control.socket) != std::string::npos);
  }
}

TEST_CASE("status shows all that the server reports", "[cli][server]") {
  const Control control;
  const FakeServer server(control.socket, {{"GET /api/v1/status", {200, to_json(full_report())}}});
  const Ran ran = control.ask({"status"});
  CHECK(ran.code == 0);
  CHECK(ran.err.empty());
  for (const std::string expected :
       {"longshore " LONGSHORE_VERSION ", accepting, since 2026-03-01 11:00:00 UTC\n",
        "10 accepted, 2 duplicates, 1 refused, 0 not yet decided\n",
        "5 done, 1 waiting for retry\n"
        "sweep    12 repositories, 2 due, 31 done, 4 found, oldest 2026-03-01 11:30:00 UTC\n",
        "prod  files  synced at 2026-03-01 11:00:01, observed only  7\n",
        "prod: a.yaml: larger than 4 MiB\n", "app: acme/app:1.0 -> acme/app:1.1",
        "waiting for retry at 2026-03-01 12:05:00", "read-only file system\n",
        "the target is not synced\n",
        "\nSweeps that fail\n"
        "REPOSITORY            SINCE                DUE                  WHY\n"
        "ghcr.io/acme/private  2026-03-01 11:40:00  2026-03-01 12:10:00  ghcr.io wants a user "
        "name\n",
        "policy 'semvr'\n"}) {
    INFO(ran.out);
    CHECK(ran.out.find(expected) != std::string::npos);
  }
  CHECK(ran.out.find('\x1b') == std::string::npos);  // not a terminal: no colours
}

TEST_CASE("status says nothing of sweeps where no registry is asked", "[cli][server]") {
  const Control control;
  StatusReport report = full_report();
  report.sweep = {};
  const FakeServer server(control.socket, {{"GET /api/v1/status", {200, to_json(report)}}});
  const Ran ran = control.ask({"status"});
  CHECK(ran.code == 0);
  CHECK(ran.out.find("1 waiting for retry\n\nTargets\n") != std::string::npos);
  CHECK(ran.out.find("Sweeps that fail") == std::string::npos);
}

TEST_CASE("A sweep that was never whole has no oldest one", "[cli][server]") {
  const Control control;
  StatusReport report = full_report();
  report.sweep = {.repositories = 1, .waiting = 1, .oldest = {}, .failing = {}};
  const FakeServer server(control.socket, {{"GET /api/v1/status", {200, to_json(report)}}});
  const Ran ran = control.ask({"status"});
  CHECK(ran.out.find("sweep    1 repository, 1 due, 0 done, 0 found\n") != std::string::npos);
}

TEST_CASE("status --json gives the server's answer as it is", "[cli][server]") {
  const Control control;
  const FakeServer server(control.socket, {{"GET /api/v1/status", {200, to_json(full_report())}}});
  const Ran ran = control.ask({"status", "--json"});
  CHECK(ran.code == 0);
  CHECK(ran.out == to_json(full_report()));
}

TEST_CASE("The socket is found beside the store of the configuration", "[cli][server]") {
  const Folder folder;
  folder.write("longshore.yaml", "store: ./state.db\n");
  const FakeServer server(folder / "state.db.sock",
                          {{"GET /api/v1/status", {200, to_json(full_report())}}});
  CHECK(run({"status", "--json"}, {.folder = folder.path()}).code == 0);
  CHECK(run({"status", "--json", "--config", folder / "longshore.yaml"}).code == 0);
}

TEST_CASE("actions lists and filters", "[cli][server]") {
  const Control control;
  const std::vector<Action> actions = {waiting_action()};
  const FakeServer server(
      control.socket,
      {{"GET /api/v1/actions?limit=100", {200, to_json(actions)}},
       {"GET /api/v1/actions?limit=5&state=in%20flight", {200, "{\"actions\":[]}"}}});
  const Ran all = control.ask({"actions"});
  CHECK(all.code == 0);
  CHECK(all.out.find("01JNZ8Q6T0ABCDEFGHJKMNPQRS") != std::string::npos);
  const Ran none = control.ask({"actions", "--state", "in-flight", "--limit", "5"});
  CHECK(none.code == 0);
  CHECK(none.out == "no actions\n");
  CHECK(control.ask({"actions", "--json"}).out == to_json(actions));
}

TEST_CASE("actions retry asks for that action and reports a refusal", "[cli][server]") {
  const Control control;
  const std::string id = "01JNZ8Q6T0ABCDEFGHJKMNPQRS";
  const FakeServer server(control.socket,
                          {{"POST /api/v1/actions/" + id + "/retry", {200, "{\"id\":\"x\"}"}}});
  CHECK(control.ask({"actions", "retry", id}).code == 0);
  const Ran missing = control.ask({"actions", "retry", "01JNZ8Q6T0ABCDEFGHJKMNPQRT"});
  CHECK(missing.code == 1);
  CHECK(missing.err == "longshore: no such thing\n");
  CHECK(control.ask({"actions", "retry", "nonsense"}).code == 2);
}

TEST_CASE("history shows what a tag named, and only that tag if asked", "[cli][server]") {
  const Control control;
  const auto repository = *Repository::parse("acme/app");
  HistoryEntry entry{.tag = *Tag::parse("1.0"),
                     .digest = *Digest::parse(kDigest),
                     .since = *parse_time("2026-03-01T12:00:00Z"),
                     .until = std::nullopt,
                     .event = *Ulid::parse("01JNZ8Q6T0ABCDEFGHJKMNPQRS"),
                     .seq = 1,
                     .verified = true};
  HistoryEntry other = entry;
  other.tag = *Tag::parse("2.0");
  other.digest.reset();
  const FakeServer server(control.socket,
                          {{"GET /api/v1/history?image=docker.io%2Facme%2Fapp&limit=100",
                            {200, to_json(repository, {other, entry})}},
                           {"GET /api/v1/history?image=docker.io%2Flibrary%2Fnginx&limit=100",
                            {200, to_json(*Repository::parse("nginx"), {})}}});
  const Ran all = control.ask({"history", "acme/app"});
  CHECK(all.code == 0);
  CHECK(all.out.find("1.0  sha256:aaaaaaaaaaaa  2026-03-01 12:00:00") != std::string::npos);
  CHECK(all.out.find("2.0  unknown") != std::string::npos);
  const Ran one = control.ask({"history", "acme/app:2.0", "--json"});
  CHECK(one.code == 0);
  CHECK(one.out == to_json(repository, {other}));
  CHECK(control.ask({"history", "acme/app@" + kDigest, "--json"}).out ==
        to_json(repository, {entry}));
  CHECK(control.ask({"history", "acme/app:3.0"}).code == 1);
  CHECK(control.ask({"history", "nginx"}).code == 1);
}

TEST_CASE("A server that fails is exit code 1, one that talks otherwise too", "[cli][server]") {
  const Control control;
  const FakeServer server(control.socket,
                          {{"GET /api/v1/status", {503, "{\"error\":\"the store failed\"}"}},
                           {"GET /api/v1/actions?limit=100", {200, "not json"}},
                           {"GET /api/v1/audit/head", {200, "{\"lines\":-1}"}}});
  const Ran failed = control.ask({"status"});
  CHECK(failed.code == 1);
  CHECK(failed.err == "longshore: the store failed\n");
  CHECK(control.ask({"actions"}).code == 1);
  CHECK(control.ask({"audit", "verify", "--file", control.folder / "audit.jsonl"}).code == 1);
}

TEST_CASE("audit verify finds a cut end with the server's head", "[cli][server][audit]") {
  const Control control;
  AuditEntry entry;
  entry.step = "started";
  const std::string first = audit_line(entry, Sha256{});
  const std::string second = audit_line(entry, sha256(first));
  const FakeServer server(
      control.socket, {{"GET /api/v1/audit/head", {200, to_json(AuditHead{2, sha256(second)})}}});
  const std::string file = control.folder.write("audit.jsonl", first + "\n" + second + "\n");
  const Ran whole = control.ask({"audit", "verify", "--file", file});
  CHECK(whole.code == 0);
  CHECK(whole.out.find("No running server") == std::string::npos);
  control.folder.write("audit.jsonl", first + "\n");
  const Ran cut = control.ask({"audit", "verify", "--file", file});
  CHECK(cut.code == 1);
  CHECK(cut.out.find("the last 1 lines that the store knows of are missing") != std::string::npos);
}

}  // namespace
}  // namespace longshore::cli_tests
