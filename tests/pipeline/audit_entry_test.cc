// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_entry.h"

#include <catch2/catch.hpp>

#include "pipeline/audit_lines.h"

using namespace std::chrono_literals;

namespace longshore {
namespace {

const std::string kZeros(64, '0');

AuditEntry full_entry() {
  AuditEntry entry;
  entry.time = *parse_time("2026-03-01T12:00:00.000123Z");
  entry.id = *Ulid::parse("01JNZ8Q6T0ABCDEFGHJKMNPQRS");
  entry.step = "applied";
  entry.source = "harbor";
  entry.actor = "robot$ci";
  entry.image = "harbor.example.com/shop/web:1.4.3";
  entry.workload = "manifests: web.yaml Deployment shop/web app";
  entry.from = "harbor.example.com/shop/web:1.4.2";
  entry.to = "harbor.example.com/shop/web:1.4.3";
  entry.decision = "update";
  entry.reason = "1.4.3 is the highest of 5 tags in ~1.4";
  entry.outcome = "delivered";
  entry.error = "none";
  entry.count = 7;
  return entry;
}

TEST_CASE("An audit line has its members in the documented order", "[pipeline][audit]") {
  CHECK(audit_line(full_entry(), Sha256{}) ==
        R"({"time":"2026-03-01T12:00:00.000123Z","id":"01JNZ8Q6T0ABCDEFGHJKMNPQRS",)"
        R"("step":"applied","source":"harbor","actor":"robot$ci",)"
        R"("image":"harbor.example.com/shop/web:1.4.3",)"
        R"("workload":"manifests: web.yaml Deployment shop/web app",)"
        R"("from":"harbor.example.com/shop/web:1.4.2","to":"harbor.example.com/shop/web:1.4.3",)"
        R"("decision":"update","reason":"1.4.3 is the highest of 5 tags in ~1.4",)"
        R"("outcome":"delivered","error":"none","count":7,"prev":")" +
            kZeros + "\"}");
}

TEST_CASE("An audit line leaves out what is empty", "[pipeline][audit]") {
  AuditEntry entry;
  entry.step = "started";
  CHECK(audit_line(entry, Sha256{}) ==
        R"({"time":"1970-01-01T00:00:00.000000Z","step":"started","prev":")" + kZeros + "\"}");
}

TEST_CASE("An audit line holds the hash of the line before it", "[pipeline][audit]") {
  const std::string first = audit_line(full_entry(), Sha256{});
  const std::string second = audit_line(full_entry(), sha256(first));
  CHECK(prev_of(first) == Sha256{});
  CHECK(prev_of(second) == sha256(first));
}

TEST_CASE("An audit line is one line of valid JSON text whatever its texts hold",
          "[pipeline][audit]") {
  AuditEntry entry;
  entry.step = "refused";
  entry.reason = "a\nb\"c\\d\x01";
  entry.actor = "\xff";
  const std::string line = audit_line(entry, Sha256{});
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find(R"("reason":"a\nb\"c\\d\u0001")") != std::string::npos);
  CHECK(line.find("\"actor\":\"\xEF\xBF\xBD\"") != std::string::npos);
}

TEST_CASE("A text cannot pass for the hash of the line before", "[pipeline][audit]") {
  AuditEntry entry;
  entry.step = "refused";
  entry.error = R"(","prev":")" + std::string(64, 'a') + R"("})";
  CHECK(prev_of(audit_line(entry, Sha256{})) == Sha256{});
}

TEST_CASE("prev_of refuses what audit_line does not write", "[pipeline][audit]") {
  const std::string line = audit_line(full_entry(), sha256("x"));
  REQUIRE(prev_of(line));
  CHECK_FALSE(prev_of(""));
  CHECK_FALSE(prev_of("{}"));
  CHECK_FALSE(prev_of(line + " "));
  CHECK_FALSE(prev_of(" " + line));
  CHECK_FALSE(prev_of(line.substr(0, line.size() - 1)));
  CHECK_FALSE(prev_of(line.substr(1)));
  std::string upper = line;
  upper[upper.size() - 3] = 'F';
  CHECK_FALSE(prev_of(upper));
  std::string shorter = line;
  shorter.erase(shorter.size() - 3, 1);
  CHECK_FALSE(prev_of(shorter));
}

TEST_CASE("An audit line takes a microsecond to write", "[.slow][pipeline][audit]") {
  const AuditEntry entry = full_entry();
  const auto begin = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  for (int i = 0; i < 1'000'000; ++i)
    bytes += audit_line(entry, Sha256{}).size();
  const auto each = (std::chrono::steady_clock::now() - begin) / 1'000'000;
  WARN(each.count() << " ns for a line of " << bytes / 1'000'000 << " bytes");
  CHECK(each < 4us);  // a bound for slow machines and sanitizers
}

}  // namespace
}  // namespace longshore
