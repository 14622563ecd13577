// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <catch2/catch.hpp>

#include "pipeline/audit_entry.h"
#include "pipeline/clock.h"
#include "tests/cli/run.h"

namespace longshore::cli_tests {
namespace {

const std::string kEvent = "01JNZ8Q6T0ABCDEFGHJKMNPQRS";

struct Log {
  Folder folder;
  std::string file = folder / "audit.jsonl";
  std::vector<std::string> lines;
  Sha256 prev{};

  void add(AuditEntry entry) {
    lines.push_back(audit_line(entry, prev));
    prev = sha256(lines.back());
    std::ofstream(file, std::ios::binary | std::ios::app) << lines.back() << "\n";
  }

  Log() {
    AuditEntry entry;
    entry.time = *parse_time("2026-03-01T12:00:00Z");
    entry.step = "received";
    entry.id = *Ulid::parse(kEvent);
    entry.source = "hub";
    entry.image = "docker.io/acme/app:1.4.3";
    add(entry);
    entry.time += std::chrono::seconds{1};
    entry.step = "decided";
    entry.source.clear();
    entry.workload = "prod: web.yaml Deployment shop/web app";
    entry.from = "acme/app:1.4.2";
    entry.to = "acme/app:1.4.3";
    entry.decision = "update";
    entry.reason = "1.4.3 is the highest of 5 tags in ~1.4";
    add(entry);
    AuditEntry refused;
    refused.time = *parse_time("2026-03-02T00:00:00Z");
    refused.step = "refused";
    refused.source = "harbor";
    refused.reason = "wrong token";
    refused.count = 12;
    add(refused);
  }
};

TEST_CASE("audit shows a line for each step", "[cli][audit]") {
  const Log log;
  const Ran ran = run({"audit", "--file", log.file});
  CHECK(ran.code == 0);
  CHECK(ran.out ==
        "2026-03-01 12:00:00  received   docker.io/acme/app:1.4.3  from source hub  "
        "[01JNZ8Q6T0ABCDEFGHJKMNPQRS]\n"
        "2026-03-01 12:00:01  decided    docker.io/acme/app:1.4.3  "
        "prod: web.yaml Deployment shop/web app  acme/app:1.4.2 -> acme/app:1.4.3  "
        "update: 1.4.3 is the highest of 5 tags in ~1.4  [01JNZ8Q6T0ABCDEFGHJKMNPQRS]\n"
        "2026-03-02 00:00:00  refused    wrong token  12 times  from source harbor\n");
}

TEST_CASE("audit --json gives the lines as they are", "[cli][audit]") {
  const Log log;
  const Ran ran = run({"audit", "--file", log.file, "--json"});
  CHECK(ran.out == log.lines[0] + "\n" + log.lines[1] + "\n" + log.lines[2] + "\n");
}

TEST_CASE("audit picks lines by event, image, time and number", "[cli][audit]") {
  const Log log;
  const auto picked = [&](std::vector<std::string> options) {
    std::vector<std::string> words = {"audit", "--json", "--file", log.file};
    words.insert(words.end(), options.begin(), options.end());
    const Ran ran = run(words);
    CHECK(ran.code == 0);
    std::string which;
    for (std::size_t i = 0; i < log.lines.size(); ++i) {
      if (ran.out.find(log.lines[i] + "\n") != std::string::npos) which += std::to_string(i);
    }
    return which;
  };
  CHECK(picked({}) == "012");
  CHECK(picked({"--event", kEvent}) == "01");
  CHECK(picked({"--event", "01JNZ8Q6T0ABCDEFGHJKMNPQRT"}) == "");
  CHECK(picked({"--image", "acme/app"}) == "01");
  CHECK(picked({"--image", "acme/app:1.4.2"}) == "1");
  CHECK(picked({"--image", "acme/application"}) == "");
  CHECK(picked({"--since", "2026-03-01T12:00:01Z"}) == "12");
  CHECK(picked({"--since", "2026-03-02"}) == "2");
  CHECK(picked({"--since", "1h"}).empty() ==
        (SystemClock().now() > *parse_time("2026-03-02T01:00:00Z")));
  CHECK(picked({"--since", "30000d"}) == "012");
  CHECK(picked({"--last", "2"}) == "12");
  CHECK(picked({"--image", "acme/app", "--last", "1"}) == "1");
}

TEST_CASE("audit refuses a time, an id and an image that are none", "[cli][audit]") {
  const Log log;
  for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{
           {"--since", "yesterday"}, {"--since", "5"}, {"--event", "abc"}, {"--image", "A B"}}) {
    const Ran ran = run({"audit", "--file", log.file, option, value});
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
  }
}

TEST_CASE("audit tells a log that is not there", "[cli][audit]") {
  const Ran ran = run({"audit", "--file", "/nowhere/audit.jsonl"});
  CHECK(ran.code == 1);
  CHECK(ran.err.find("/nowhere/audit.jsonl") != std::string::npos);
}

TEST_CASE("audit shows nothing that a terminal would obey", "[cli][audit]") {
  Log log;
  std::ofstream(log.file, std::ios::app) << "\x1b[2Jnot a line \xff\n";
  AuditEntry entry;
  entry.step = "refused";
  entry.reason = "a\x1b[31m\nb";
  log.add(entry);
  const Ran ran = run({"audit", "--file", log.file, "--last", "2"});
  CHECK(ran.out == "?[2Jnot a line ?\n1970-01-01 00:00:00  refused    a?[31m b\n");
}

TEST_CASE("audit --follow goes on with what is added and across a rotation", "[cli][audit]") {
  Log log;
  Running follower({"audit", "--follow", "--json", "--file", log.file});
  for (const std::string& line : log.lines)
    CHECK(follower.read_line() == line);
  AuditEntry entry;
  entry.step = "started";
  log.add(entry);
  CHECK(follower.read_line() == log.lines[3]);
  std::filesystem::rename(log.file, log.file + ".1");
  log.add(entry);
  CHECK(follower.read_line() == log.lines[4]);
}

TEST_CASE("audit --follow begins with the last ten lines", "[cli][audit]") {
  Log log;
  AuditEntry entry;
  entry.step = "started";
  for (int i = 0; i < 20; ++i)
    log.add(entry);
  Running follower({"audit", "--follow", "--json", "--file", log.file});
  CHECK(follower.read_line() == log.lines[13]);
  Running since({"audit", "--follow", "--since", "1970-01-01", "--json", "--file", log.file});
  CHECK(since.read_line() == log.lines[0]);
}

TEST_CASE("audit verify says that a whole log is whole", "[cli][audit]") {
  const Log log;
  const Ran ran = run({"audit", "verify", "--offline", "--file", log.file});
  CHECK(ran.code == 0);
  CHECK(ran.out.find("ok") == 0);
  CHECK(ran.out.find("3 lines in 1 files, 2026-03-01T12:00:00.000000Z to "
                     "2026-03-02T00:00:00.000000Z") != std::string::npos);
  CHECK(ran.out.find(to_hex(as_bytes(log.prev))) != std::string::npos);
  CHECK(ran.out.find("cut from the end would not be noticed") != std::string::npos);
}

TEST_CASE("audit verify names the line where a log is broken", "[cli][audit]") {
  const Log log;
  log.folder.write("audit.jsonl", log.lines[0] + "\n" + log.lines[2] + "\n");
  const Ran ran = run({"audit", "verify", "--offline", "--file", log.file});
  CHECK(ran.code == 1);
  CHECK(ran.out.find("broken  " + log.file + ":2: ") == 0);
  const Ran json = run({"audit", "verify", "--offline", "--json", "--file", log.file});
  CHECK(json.code == 1);
  CHECK(json.out.find("{\"ok\":false,\"files\":1,\"lines\":1,") == 0);
  CHECK(json.out.find("\"broken\":{\"file\":\"" + log.file + "\",\"line\":2,") !=
        std::string::npos);
}

TEST_CASE("audit verify without --offline needs a running server", "[cli][audit]") {
  const Log log;
  const Ran ran =
      run({"audit", "verify", "--file", log.file, "--socket", log.folder / "longshore.db.sock"});
  CHECK(ran.code == 3);
  CHECK(ran.out.empty());
}

}  // namespace
}  // namespace longshore::cli_tests
