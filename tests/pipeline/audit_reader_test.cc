// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_reader.h"

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "pipeline/audit_file.h"
#include "tests/pipeline/audit_support.h"

namespace longshore::audit_tests {
namespace {

std::vector<std::string> read_now(AuditReader& reader) {
  std::vector<std::string> lines;
  for (;;) {
    const auto line = reader.next();
    REQUIRE(line);
    if (!*line) return lines;
    lines.emplace_back((*line)->complete ? (*line)->text : "torn");
  }
}

TEST_CASE("The audit is read from the oldest rotated file on", "[pipeline][audit]") {
  const Folder folder;
  const auto lines = chain(12);
  // Ten files, so that an order by name would be wrong.
  for (std::size_t i = 0; i < 11; ++i) {
    write_all(folder / ("audit.jsonl." + std::to_string(11 - i)), lines[i] + "\n");
  }
  write_all(folder / "audit.jsonl", lines[11] + "\n");
  auto reader = AuditReader::open(folder / "audit.jsonl");
  REQUIRE(reader);
  CHECK(read_now(*reader) == lines);
  CHECK(reader->path() == folder / "audit.jsonl");
  CHECK(reader->line_number() == 1);
}

TEST_CASE("An audit that does not exist yet is read when it does", "[pipeline][audit]") {
  const Folder folder;
  auto reader = AuditReader::open(folder / "audit.jsonl");
  REQUIRE(reader);
  CHECK(read_now(*reader).empty());
  const auto lines = chain(2);
  write_all(folder / "audit.jsonl", joined(lines));
  CHECK(read_now(*reader) == lines);
  CHECK_FALSE(AuditReader::open(folder / "none/audit.jsonl"));
}

TEST_CASE("A line is given out only when it is complete", "[pipeline][audit]") {
  const Folder folder;
  const auto lines = chain(2);
  const auto path = folder / "audit.jsonl";
  write_all(path, lines[0] + "\n" + lines[1].substr(0, 20));
  auto reader = AuditReader::open(path);
  REQUIRE(reader);
  CHECK(read_now(*reader) == std::vector{lines[0]});
  CHECK(reader->unfinished() == lines[1].substr(0, 20));
  write_all(path, lines[0] + "\n");  // the writer cut it
  CHECK(read_now(*reader).empty());
  CHECK(reader->unfinished().empty());
  write_all(path, joined(lines));
  CHECK(read_now(*reader) == std::vector{lines[1]});
}

TEST_CASE("Reading goes on across rotations without a gap or a repeat", "[pipeline][audit]") {
  const Folder folder;
  const auto lines = chain(40);
  const AuditOptions options{
      .file = folder / "audit.jsonl", .rotate_bytes = lines[0].size() * 2 + 2, .keep_files = 100};
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  auto reader = AuditReader::open(options.file);
  REQUIRE(reader);
  std::vector<std::string> found;
  std::size_t written = 0;
  // Between two looks there are no, one or several rotations.
  for (std::size_t step = 1; written < lines.size(); step = step % 7 + 1) {
    const std::size_t count = std::min(step, lines.size() - written);
    REQUIRE(audit->append(std::span(lines).subspan(written, count)));
    written += count;
    const auto more = read_now(*reader);
    found.insert(found.end(), more.begin(), more.end());
  }
  CHECK(found == lines);
}

TEST_CASE("Reading survives a file that is moved elsewhere", "[pipeline][audit]") {
  const Folder folder;
  const auto lines = chain(4);
  const auto path = folder / "audit.jsonl";
  write_all(folder / "audit.jsonl.1", lines[0] + "\n");
  write_all(path, lines[1] + "\n");
  auto reader = AuditReader::open(path);
  REQUIRE(reader);
  CHECK(read_now(*reader) == std::vector{lines[0], lines[1]});
  std::filesystem::rename(path, folder / "audit.jsonl-old");
  write_all(folder / "audit.jsonl-old", joined({lines[1], lines[2]}));
  CHECK(read_now(*reader) == std::vector{lines[2]});
  write_all(path, lines[3] + "\n");
  CHECK(read_now(*reader) == std::vector{lines[3]});
}

TEST_CASE("A rotated file that ends within a line is told", "[pipeline][audit]") {
  const Folder folder;
  const auto lines = chain(2);
  write_all(folder / "audit.jsonl.1", lines[0] + "\n" + lines[1].substr(0, 9));
  write_all(folder / "audit.jsonl", lines[1] + "\n");
  auto reader = AuditReader::open(folder / "audit.jsonl");
  REQUIRE(reader);
  CHECK(read_now(*reader) == std::vector<std::string>{lines[0], "torn", lines[1]});
}

TEST_CASE("A line beyond a mebibyte is an error", "[pipeline][audit]") {
  const Folder folder;
  const auto path = folder / "audit.jsonl";
  write_all(path, "a\n" + std::string(kMaxAuditLine, 'x') + "\n");
  auto longest = AuditReader::open(path);
  REQUIRE(longest);
  CHECK(read_now(*longest).size() == 2);
  write_all(path, "a\n" + std::string(kMaxAuditLine + 1, 'x') + "\n");
  auto reader = AuditReader::open(path);
  REQUIRE(reader);
  REQUIRE(reader->next());
  const auto line = reader->next();
  REQUIRE_FALSE(line);
  CHECK(line.error().code == Errc::invalid_input);
  CHECK(reader->line_number() == 2);
}

TEST_CASE("A follower sees each line while the file is written and rotated", "[pipeline][audit]") {
  const Folder folder;
  const auto lines = chain(300);
  const AuditOptions options{
      .file = folder / "audit.jsonl", .rotate_bytes = lines[0].size() * 5, .keep_files = 1000};
  auto reader = AuditReader::open(options.file);
  REQUIRE(reader);
  std::atomic<bool> ok = true;
  std::jthread writer([&] {
    auto audit = AuditFile::open(options);
    for (std::size_t i = 0; i < lines.size() && ok; i += 3) {
      ok = audit && audit->append(std::span(lines).subspan(i, 3));
    }
  });
  std::vector<std::string> found;
  const std::stop_source stop;
  while (found.size() < lines.size() && ok) {
    const auto more = read_now(*reader);
    found.insert(found.end(), more.begin(), more.end());
    if (found.size() < lines.size()) REQUIRE(reader->wait(stop.get_token()));
  }
  CHECK(found == lines);
}

TEST_CASE("A follower's wait ends when it is told to stop", "[pipeline][audit]") {
  const Folder folder;
  auto reader = AuditReader::open(folder / "audit.jsonl");
  REQUIRE(reader);
  std::stop_source stop;
  CHECK(reader->wait(stop.get_token()));  // nothing happens: it looks again
  std::jthread stopper([&] { stop.request_stop(); });
  while (reader->wait(stop.get_token())) {
  }
  CHECK_FALSE(reader->wait(stop.get_token()));
}

}  // namespace
}  // namespace longshore::audit_tests
