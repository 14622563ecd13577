// SPDX-License-Identifier: Apache-2.0
//
// Question: does the time from an event to its decision grow with the number of workloads? Bar:
// flat from 100 to 100,000 of them, 10 us for match and decide.
//
//   match_bench [--smoke]
//
// "look-up" asks the inventory of a folder of manifests for the workloads of one repository;
// "and decide" also reads the policy out of the annotations and decides among the tags of that
// repository. Each workload has a repository of its own, so one workload is found and decided
// whatever their number. Each call asks for another repository, out of all of them in no order:
// an inventory that does not fit into a cache is not one that was just looked at. Rounds over all
// sizes, medians of them; ratios are taken within a round.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bench/stopwatch.h"
#include "bench/support.h"
#include "pipeline/clock.h"
#include "pipeline/decision.h"
#include "sinks/files/inventory.h"

namespace longshore::bench {
namespace {

constexpr std::size_t kTags = 10;
constexpr std::array<std::size_t, 4> kSizes{100, 1'000, 10'000, 100'000};
constexpr int kRounds = 5;

template <class T>
T sure(Result<T> result) {
  if (!result) refuse("match_bench", result.error().message);
  return *std::move(result);
}

WorkloadPtr workload(std::size_t number) {
  const std::string name = "app-" + std::to_string(number);
  return std::make_shared<const Workload>(
      Workload{"manifests",
               name + ".yaml Deployment shop/" + name,
               {{"app", sure(ImageRef::parse("registry.example.com/shop/" + name + ":1.4.2"))}},
               {{"longshore.dev/policy", "semver:~1.4"}}});
}

// Fills the inventory with one file for each workload; returns their repositories in no order.
std::vector<Repository> fill(Inventory& inventory, std::size_t count) {
  std::vector<Repository> repositories;
  for (std::size_t i = 0; i < count; ++i) {
    const WorkloadPtr made = workload(i);
    repositories.push_back(made->containers.front().image.repository());
    inventory.set("app-" + std::to_string(i) + ".yaml", FileEntry{{}, false, {made}, {}});
  }
  std::mt19937 random(static_cast<unsigned>(count));
  std::shuffle(repositories.begin(), repositories.end(), random);
  return repositories;
}

std::vector<Candidate> candidates() {
  std::vector<Candidate> result;
  for (std::size_t i = 0; i < kTags; ++i) {
    const std::string tag = "1." + std::to_string(3 + i % 3) + "." + std::to_string(i);
    result.push_back(Candidate{sure(Tag::parse(tag)), {}, i + 1, {}, {}});
  }
  return result;
}

void decide_all(const std::vector<WorkloadPtr>& found, const Repository& repository,
                const std::vector<Candidate>& tags, Time now) {
  for (const WorkloadPtr& one : found) {
    for (const Container& container : one->containers) {
      const auto settings = settings_for(one->annotations, container.name, repository, {});
      const Decision decision = decide(**settings, container.image, tags, {}, now);
      if (decision.verdict != Verdict::update) refuse("match_bench", decision.reason);
      keep(decision);
    }
  }
}

// One size, and what its rounds took.
struct Size {
  explicit Size(std::size_t count) : repositories(fill(inventory, count)) {
    if (inventory.size() != count) refuse("match_bench", "the inventory has lost workloads");
  }

  Inventory inventory;
  std::vector<Repository> repositories;
  std::vector<double> look_up{};  // ns
  std::vector<double> both{};
};

void measure(Size& size, Effort effort, const std::vector<Candidate>& tags) {
  const Time now = SystemClock().now();
  const std::size_t count = size.repositories.size();
  size.look_up.push_back(nanoseconds_per_call(effort, [&](std::size_t call) {
    const auto found = size.inventory.of(size.repositories[call % count]);
    if (found.size() != 1) refuse("match_bench", "not one workload of a repository");
    keep(found);
  }));
  size.both.push_back(nanoseconds_per_call(effort, [&](std::size_t call) {
    const Repository& repository = size.repositories[call % count];
    decide_all(size.inventory.of(repository), repository, tags, now);
  }));
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double median_ratio(const std::vector<double>& values, const std::vector<double>& base) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < values.size(); ++i)
    ratios.push_back(values[i] / base[i]);
  return median(ratios);
}

void print(const std::vector<std::unique_ptr<Size>>& sizes) {
  std::printf("| workloads | look-up | / 100 | and decide | / 100 |\n");
  std::printf("| --------- | ------- | ----- | ---------- | ----- |\n");
  const Size& first = *sizes.front();
  for (const auto& size : sizes) {
    std::printf("| %9zu | %7.0f | %5.2f | %10.0f | %5.2f |\n", size->repositories.size(),
                median(size->look_up), median_ratio(size->look_up, first.look_up),
                median(size->both), median_ratio(size->both, first.both));
  }
  std::printf("Nanoseconds for one event, with ten tags of its repository.\n");
}

}  // namespace
}  // namespace longshore::bench

int main(int argc, char** argv) {
  using longshore::bench::Effort;
  const longshore::bench::CpuShare share;
  const Effort effort = longshore::bench::effort_from(argc, argv);
  std::vector<std::unique_ptr<longshore::bench::Size>> sizes;
  for (const std::size_t count : longshore::bench::kSizes)
    sizes.push_back(std::make_unique<longshore::bench::Size>(count));
  const auto tags = longshore::bench::candidates();
  for (int round = 0; round < (effort == Effort::full ? longshore::bench::kRounds : 1); ++round) {
    for (const auto& size : sizes)
      longshore::bench::measure(*size, effort, tags);
  }
  longshore::bench::print(sizes);
  return 0;
}
