// SPDX-License-Identifier: Apache-2.0
#include "pipeline/sweep.h"

#include <catch2/catch.hpp>

namespace longshore {
namespace {

WorkloadPtr workload(const std::string& id, const std::string& image, const std::string& policy) {
  auto made = std::make_shared<Workload>();
  made->target = "prod";
  made->id = id;
  made->containers.push_back({"web", *ImageRef::parse(image)});
  if (!policy.empty()) made->annotations["longshore.dev/policy"] = policy;
  return made;
}

std::vector<Tag> tags(std::initializer_list<const char*> texts) {
  std::vector<Tag> all;
  for (const char* text : texts)
    all.push_back(*Tag::parse(text));
  return all;
}

const Repository kShop = *Repository::parse("docker.io/acme/shop");

TEST_CASE("Containers that want the same ask once, others not at all", "[pipeline][sweep]") {
  const std::vector<WorkloadPtr> workloads = {workload("a", "acme/shop:1.4.1", "semver:~1.4"),
                                              workload("b", "acme/shop:1.4.1", "semver:~1.4"),
                                              workload("c", "acme/shop:1.4.0", "semver:~1.4"),
                                              workload("d", "acme/shop:1.4.1", "never"),
                                              workload("e", "acme/shop:1.4.1", ""),
                                              workload("f", "acme/shop:1.4.1", "semvr"),
                                              workload("g", "acme/other:1", "semver"),
                                              workload("h", "acme/shop:latest", "digest")};
  const auto questions = sweep_questions(kShop, workloads, {}, {});
  CHECK(questions.size() == 3);
  CHECK(policies_of(questions) == std::set<std::string>{"digest", "semver:~1.4"});
  CHECK(followed_tags(questions) == std::set<Tag>{*Tag::parse("latest")});
  CHECK(needs_list(questions));
}

TEST_CASE("A followed digest needs no list", "[pipeline][sweep]") {
  const std::vector<WorkloadPtr> workloads = {workload("h", "acme/shop", "digest")};
  const auto questions = sweep_questions(kShop, workloads, {}, {});
  CHECK(followed_tags(questions) == std::set<Tag>{*Tag::parse("latest")});
  CHECK_FALSE(needs_list(questions));
}

TEST_CASE("Of a list only what would win is kept, however its pages fall", "[pipeline][sweep]") {
  const std::vector<WorkloadPtr> workloads = {
      workload("a", "acme/shop:1.4.1", "semver:~1.4"),
      workload("b", "acme/shop:1.4.1@sha256:" + std::string(64, 'a'), "semver"),
      workload("c", "acme/shop:build-7", "numeric:build-(\\d+)"),
      workload("d", "acme/shop:old", "newest")};
  ListWinners winners(sweep_questions(kShop, workloads, {}, {}));
  winners.add(tags({"1.4.9", "2.0.0", "build-9", "zzz"}), Time{});
  winners.add({}, Time{});
  winners.add(tags({"1.4.2", "1.9.0", "build-11", "1.4.10"}), Time{});
  winners.add(tags({"0.1.0", "build-2"}), Time{});
  // Nobody knows which of them is the newest.
  CHECK(winners.winners() ==
        std::set<Tag>{*Tag::parse("1.4.10"), *Tag::parse("2.0.0"), *Tag::parse("build-11")});
}

TEST_CASE("What is held does not win a list", "[pipeline][sweep]") {
  const std::vector<WorkloadPtr> workloads = {workload("a", "acme/shop:1.4.1", "semver")};
  const Hold hold{.target = "prod",
                  .workload = "a",
                  .container = {},
                  .repository = kShop,
                  .digest = {},
                  .tag = *Tag::parse("1.4.3"),
                  .reason = "it crashed"};
  ListWinners winners(sweep_questions(kShop, workloads, {}, std::vector{hold}));
  winners.add(tags({"1.4.3", "1.4.2"}), Time{});
  CHECK(winners.winners() == std::set<Tag>{*Tag::parse("1.4.2")});
}

}  // namespace
}  // namespace longshore
