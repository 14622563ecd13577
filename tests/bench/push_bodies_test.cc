// SPDX-License-Identifier: Apache-2.0
#include "bench/push_bodies.h"

#include <set>

#include <catch2/catch.hpp>

namespace longshore::bench {
namespace {

std::string filled(const BodyTemplate& pattern, std::uint64_t serial, std::uint64_t repository) {
  std::string body = pattern.text();
  pattern.fill(serial, repository, body.data());
  return body;
}

TEST_CASE("A template puts numbers where runs of marks stand", "[bench][push_bodies]") {
  const BodyTemplate pattern(R"({"tag":"@@@@","app":"app-$$$","mail":"a@b","price":"1$","x":"~"})");
  CHECK(filled(pattern, 42, 7) ==
        R"({"tag":"0042","app":"app-007","mail":"a@b","price":"1$","x":"~"})");
}

TEST_CASE("A template shows the low digits of a number that is too long", "[bench][push_bodies]") {
  CHECK(filled(BodyTemplate("<@@>"), 12345, 0) == "<45>");
}

TEST_CASE("A template makes a digest of its own for each serial number", "[bench][push_bodies]") {
  const BodyTemplate pattern("sha256:" + std::string(64, '~'));
  std::set<std::string> digests;
  for (std::uint64_t serial = 0; serial < 1000; ++serial) {
    const std::string digest = filled(pattern, serial, 0);
    CHECK(digest.find_first_not_of("0123456789abcdef", 7) == std::string::npos);
    digests.insert(digest);
  }
  CHECK(digests.size() == 1000);
}

TEST_CASE("No two bodies of a load are alike, and a buffer can be filled again",
          "[bench][push_bodies]") {
  const BodyTemplate pattern(docker_hub_push());
  CHECK(pattern.size() >= 850);
  CHECK(pattern.size() <= 950);
  std::set<std::string> bodies;
  std::string body = pattern.text();
  for (std::uint64_t serial = 0; serial < 1000; ++serial) {
    pattern.fill(serial, serial % 10, body.data());
    bodies.insert(body);
  }
  CHECK(bodies.size() == 1000);
  CHECK(bodies.contains(filled(pattern, 999, 9)));
}

TEST_CASE("The bodies have the sizes that real deliveries have", "[bench][push_bodies]") {
  CHECK(native_push().size() < 300);
  CHECK(harbor_push().size() < 500);
  CHECK(harbor_push_cloudevent().size() < 900);
  CHECK(distribution_push().size() > 1500);
  CHECK(distribution_push_batch().size() > 15'000);
  CHECK(github_package_published().size() > 10'000);
  CHECK(docker_hub_push_readme().size() > 32'768);
}

}  // namespace
}  // namespace longshore::bench
