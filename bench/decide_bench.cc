// SPDX-License-Identifier: Apache-2.0
//
// Question: what does one decision cost, by the number of tags that its repository has ever had?
// And with what stands before it, the policy out of the workload's annotations? Bar: 10 us for
// match and decide, with a history as most repositories have it (100 tags).
//
//   decide_bench [--smoke]
//
// Each call gets another set of candidates in another order and another current tag, out of
// sixteen.
#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "bench/push_bodies.h"
#include "bench/stopwatch.h"
#include "bench/support.h"
#include "pipeline/clock.h"
#include "pipeline/decision.h"

namespace longshore::bench {
namespace {

constexpr std::size_t kSets = 16;

template <class T>
T sure(Result<T> result) {
  if (!result) refuse("decide_bench", result.error().message);
  return *std::move(result);
}

// A repository's tags: versions over some minor lines, with a few that are none.
std::vector<Candidate> candidates(std::size_t count, std::mt19937& random) {
  const BodyTemplate digests("sha256:" + std::string(64, '~'));
  std::string digest = digests.text();
  std::vector<Candidate> result;
  for (std::size_t i = 0; i < count; ++i) {
    std::string tag = "1." + std::to_string(i % 7) + "." + std::to_string(i / 7);
    if (i % 16 == 15) tag += "-rc.1";
    if (i % 32 == 31) tag = "build-" + std::to_string(i);
    digests.fill(random(), 0, digest.data());
    result.push_back(Candidate{.tag = sure(Tag::parse(tag)),
                               .digest = sure(Digest::parse(digest)),
                               .seq = i + 1,
                               .event = EventId::make(SystemClock().now()),
                               .occurred_at = std::nullopt});
  }
  std::shuffle(result.begin(), result.end(), random);
  return result;
}

struct Inputs {
  std::vector<std::vector<Candidate>> sets;
  std::vector<ImageRef> currents;
};

Inputs inputs(std::size_t count) {
  std::mt19937 random(static_cast<unsigned>(count));
  Inputs result;
  for (std::size_t i = 0; i < kSets; ++i) {
    result.sets.push_back(candidates(count, random));
    const std::string tag = "1.4." + std::to_string(i % (count / 7 + 1));
    result.currents.push_back(sure(ImageRef::parse("registry.example.com/shop/app:" + tag)));
  }
  return result;
}

double decide_alone(Effort effort, const Inputs& inputs, const PolicySettings& settings) {
  const Time now = SystemClock().now();
  return nanoseconds_per_call(effort, [&](std::size_t call) {
    const std::size_t at = call % kSets;
    keep(decide(settings, inputs.currents[at], inputs.sets[at], {}, now));
  });
}

double settings_and_decide(Effort effort, const Inputs& inputs, const Annotations& annotations) {
  const Time now = SystemClock().now();
  const Repository& repository = inputs.currents.front().repository();
  return nanoseconds_per_call(effort, [&](std::size_t call) {
    const std::size_t at = call % kSets;
    const auto settings = settings_for(annotations, "app", repository, {});
    keep(decide(**settings, inputs.currents[at], inputs.sets[at], {}, now));
  });
}

void measure(std::size_t count, Effort effort) {
  const Inputs in = inputs(count);
  const PolicySettings range{.policy = sure(parse_policy("semver:~1.4"))};
  const PolicySettings any{.policy = sure(parse_policy("semver"))};
  const PolicySettings digest{.policy = sure(parse_policy("digest"))};
  const Annotations annotations{{"longshore.dev/policy", "semver:~1.4"}};
  std::printf("| %10zu | %11.0f | %11.0f | %11.0f | %22.0f |\n", count,
              decide_alone(effort, in, range), decide_alone(effort, in, any),
              decide_alone(effort, in, digest), settings_and_decide(effort, in, annotations));
}

}  // namespace
}  // namespace longshore::bench

int main(int argc, char** argv) {
  const longshore::bench::CpuShare share;
  std::printf(
      "| candidates | semver:~1.4 |      semver |      digest | annotation semver:~1.4 |\n");
  std::printf(
      "| ---------- | ----------- | ----------- | ----------- | ---------------------- |\n");
  for (const std::size_t count : {1, 10, 100, 1'000, 10'000}) {
    longshore::bench::measure(count, longshore::bench::effort_from(argc, argv));
  }
  std::printf("Nanoseconds per decision.\n");
  return 0;
}
