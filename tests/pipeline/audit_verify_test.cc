// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_verify.h"

#include <catch2/catch.hpp>

#include "pipeline/audit_lines.h"
#include "tests/pipeline/audit_support.h"

namespace longshore::audit_tests {
namespace {

struct Log {
  Folder folder;
  std::vector<std::string> lines = chain(6);
  std::filesystem::path file = folder / "audit.jsonl";
  AuditHead head{6, sha256(lines.back())};

  AuditReport verify(const std::string& bytes, std::optional<AuditHead> known) const {
    write_all(file, bytes);
    const auto report = verify_audit(file, known);
    REQUIRE(report);
    return *report;
  }
};

TEST_CASE("A whole audit is verified over its rotated files", "[pipeline][audit]") {
  const Log log;
  write_all(log.folder / "audit.jsonl.2", joined({log.lines[0], log.lines[1]}));
  write_all(log.folder / "audit.jsonl.1", joined({log.lines[2]}));
  const auto report = log.verify(joined({log.lines.begin() + 3, log.lines.end()}), log.head);
  CHECK_FALSE(report.broken);
  CHECK(report.files == 3);
  CHECK(report.lines == 6);
  CHECK(report.from_the_beginning);
  CHECK(report.head == log.head.hash);
  CHECK(report.first_time == "2023-11-14T22:13:20.000000Z");
  CHECK(report.last_time == "2023-11-14T22:13:25.000000Z");
}

TEST_CASE("An audit that does not exist has no lines", "[pipeline][audit]") {
  const Log log;
  const auto empty = verify_audit(log.file, std::nullopt);
  REQUIRE(empty);
  CHECK(empty->lines == 0);
  CHECK_FALSE(empty->broken);
  const auto cut = verify_audit(log.file, log.head);
  REQUIRE(cut);
  REQUIRE(cut->broken);
  CHECK(cut->broken->why.find("last 6 lines") != std::string::npos);
}

TEST_CASE("Every edit of a single byte is found", "[pipeline][audit]") {
  const Log log;
  const std::string whole = joined(log.lines);
  const std::size_t each = log.lines[0].size() + 1;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char other : {'\n', 'x', '0'}) {
      if (whole[at] == other) continue;
      std::string edited = whole;
      edited[at] = other;
      const auto report = log.verify(edited, log.head);
      INFO("byte " << at << " of line " << at / each + 1);
      REQUIRE(report.broken);
      // In the line itself, in the one after it, or where the end is missed.
      CHECK(report.broken->line >= at / each);
      CHECK(report.broken->line <= at / each + 3);
    }
  }
}

TEST_CASE("Every removed line is found, and where", "[pipeline][audit]") {
  const Log log;
  for (std::size_t removed = 1; removed + 1 < log.lines.size(); ++removed) {
    auto lines = log.lines;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(removed));
    const auto report = log.verify(joined(lines), std::nullopt);
    REQUIRE(report.broken);
    CHECK(report.broken->file == log.file);
    CHECK(report.broken->line == removed + 1);
    CHECK(report.broken->why.find("missing") != std::string::npos);
  }
}

TEST_CASE("A removed first line shows as a beginning that is not there", "[pipeline][audit]") {
  const Log log;
  const auto report = log.verify(joined({log.lines.begin() + 1, log.lines.end()}), log.head);
  CHECK_FALSE(report.broken);
  CHECK_FALSE(report.from_the_beginning);
}

TEST_CASE("Every swapped pair and every repeated line is found", "[pipeline][audit]") {
  const Log log;
  for (std::size_t i = 0; i < log.lines.size(); ++i) {
    for (std::size_t j = i + 1; j < log.lines.size(); ++j) {
      auto lines = log.lines;
      std::swap(lines[i], lines[j]);
      CHECK(log.verify(joined(lines), std::nullopt).broken);
    }
    auto lines = log.lines;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK(log.verify(joined(lines), std::nullopt).broken);
  }
}

TEST_CASE("An inserted line is told from a missing one", "[pipeline][audit]") {
  const Log log;
  auto lines = log.lines;
  lines.insert(lines.begin() + 3, chain(1, sha256(lines[2]), 77).front());
  const auto report = log.verify(joined(lines), std::nullopt);
  REQUIRE(report.broken);
  CHECK(report.broken->line == 5);
  CHECK(report.broken->why.find("does not belong there") != std::string::npos);
}

TEST_CASE("Lines that are cut from the end are found with the store's head", "[pipeline][audit]") {
  const Log log;
  for (std::size_t kept = 0; kept < log.lines.size(); ++kept) {
    const std::vector<std::string> rest(log.lines.begin(),
                                        log.lines.begin() + static_cast<std::ptrdiff_t>(kept));
    CHECK_FALSE(log.verify(joined(rest), std::nullopt).broken);
    const auto report = log.verify(joined(rest), log.head);
    REQUIRE(report.broken);
    CHECK(report.broken->line == kept + 1);
    CHECK(report.broken->why.find("missing") != std::string::npos);
  }
}

TEST_CASE("A head that is older than the file is found within it", "[pipeline][audit]") {
  const Log log;
  for (std::size_t known = 1; known < log.lines.size(); ++known) {
    const AuditHead older{known, sha256(log.lines[known - 1])};
    CHECK_FALSE(log.verify(joined(log.lines), older).broken);
  }
}

TEST_CASE("A log that begins anew within another is told", "[pipeline][audit]") {
  const Log log;
  const auto report = log.verify(joined(log.lines) + joined(chain(2)), std::nullopt);
  REQUIRE(report.broken);
  CHECK(report.broken->line == 7);
  CHECK(report.broken->why.find("another log begins") != std::string::npos);
}

TEST_CASE("A torn line is told at every byte", "[pipeline][audit]") {
  const Log log;
  const std::string whole = joined(log.lines);
  const std::size_t each = log.lines[0].size() + 1;
  for (std::size_t length = whole.size() - each + 1; length < whole.size(); ++length) {
    const auto report = log.verify(whole.substr(0, length), std::nullopt);
    REQUIRE(report.broken);
    CHECK(report.broken->line == 6);
    CHECK(report.broken->why.find("ends within") != std::string::npos);
  }
}

TEST_CASE("A rotated file that ends within a line breaks the audit there", "[pipeline][audit]") {
  const Log log;
  write_all(log.folder / "audit.jsonl.1", log.lines[0] + "\n" + log.lines[1].substr(0, 9));
  const auto report = log.verify(joined({log.lines.begin() + 1, log.lines.end()}), log.head);
  REQUIRE(report.broken);
  CHECK(report.broken->file == log.folder / "audit.jsonl.1");
  CHECK(report.broken->line == 2);
}

TEST_CASE("A missing rotated file breaks the audit where the next begins", "[pipeline][audit]") {
  const Log log;
  write_all(log.folder / "audit.jsonl.3", joined({log.lines[0], log.lines[1]}));
  const auto report = log.verify(joined({log.lines.begin() + 4, log.lines.end()}), log.head);
  REQUIRE(report.broken);
  CHECK(report.broken->file == log.file);
  CHECK(report.broken->line == 1);
}

TEST_CASE("A line that is too long to be ours breaks the audit", "[pipeline][audit]") {
  const Log log;
  const auto report =
      log.verify(log.lines[0] + "\n" + std::string(kMaxAuditLine + 1, 'x') + "\n", std::nullopt);
  REQUIRE(report.broken);
  CHECK(report.broken->file == log.file);
  CHECK(report.broken->line == 2);
  CHECK(report.broken->why.find("1 MiB") != std::string::npos);
}

}  // namespace
}  // namespace longshore::audit_tests
