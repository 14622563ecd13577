// SPDX-License-Identifier: Apache-2.0
//
// Question: what does it cost to make events of the bytes of an authentic notification, for each
// type and size that senders have? Bar: 0.5 GB/s from 1 KB on, 2 us below.
//
//   decode_bench [--smoke]
//
// "decode" is decode() alone; "and admit" is decode() and admit() of every fact, which is all that
// happens between the check of the secret and the queue. Each call gets another body, out of as
// many as fit into the second-level cache: a body has just been read from a socket, too.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "bench/push_bodies.h"
#include "bench/stopwatch.h"
#include "bench/support.h"
#include "pipeline/clock.h"
#include "receiver/admit.h"
#include "receiver/decoder.h"

namespace longshore::bench {
namespace {

constexpr std::size_t kAllBodies = 256U << 10;  // bytes
constexpr std::size_t kMostBodies = 256;

struct Case {
  const char* name;
  SourceType type;
  Headers headers;
  std::string text;
  std::size_t facts = 1;
};

std::vector<Case> cases() {
  const Headers json{{"Content-Type", "application/json"}};
  const Headers cloud_event{{"Content-Type", "application/cloudevents+json"}};
  const Headers distribution{
      {"Content-Type", "application/vnd.docker.distribution.events.v1+json"}};
  const Headers github{{"Content-Type", "application/json"},
                       {"X-GitHub-Event", "package"},
                       {"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"}};
  return {{"native", SourceType::native, json, native_push()},
          {"harbor", SourceType::harbor, json, harbor_push()},
          {"harbor CloudEvents", SourceType::harbor, cloud_event, harbor_push_cloudevent()},
          {"dockerhub", SourceType::dockerhub, json, docker_hub_push()},
          {"distribution", SourceType::distribution, distribution, distribution_push()},
          {"distribution, 10 events", SourceType::distribution, distribution,
           distribution_push_batch(), 10},
          {"github", SourceType::github, github, github_package_published()},
          {"dockerhub with README", SourceType::dockerhub, json, docker_hub_push_readme()}};
}

std::vector<std::string> bodies_of(const Case& one) {
  const BodyTemplate pattern(one.text);
  std::vector<std::string> bodies(
      std::clamp<std::size_t>(kAllBodies / pattern.size(), 1, kMostBodies), pattern.text());
  for (std::size_t i = 0; i < bodies.size(); ++i)
    pattern.fill(i, i, bodies[i].data());
  return bodies;
}

Decoded decode_or_die(const Case& one, std::string_view body) {
  auto decoded = decode(one.type, one.headers, body);
  if (!decoded) refuse(one.name, decoded.error().message);
  return *std::move(decoded);
}

void admit_all(Decoded decoded, const Case& one, const SourceOptions& source,
               const RegistryNames& registries, Time now) {
  for (std::size_t i = 0; i < decoded.facts.size(); ++i) {
    const auto event = admit(std::move(decoded.facts[i]), i, source, registries, now);
    if (!event || event->not_actionable) refuse(one.name, "a fact is not one that lanes decide");
    keep(event);
  }
}

void measure(const Case& one, Effort effort) {
  const std::vector<std::string> bodies = bodies_of(one);
  const auto size = static_cast<double>(bodies.front().size());
  if (decode_or_die(one, bodies.front()).facts.size() != one.facts) {
    refuse(one.name, "the body does not decode to what it was written for");
  }
  const double decoding = nanoseconds_per_call(
      effort, [&](std::size_t call) { keep(decode_or_die(one, bodies[call % bodies.size()])); });
  SourceOptions source;
  source.name = "bench";
  source.type = one.type;
  RegistryNames registries;
  for (const char* host : {"registry.example.com", "harbor.example.com"}) {
    registries.host_of.emplace(host, host);
  }
  const Time now = SystemClock().now();
  const double both = nanoseconds_per_call(effort, [&](std::size_t call) {
    admit_all(decode_or_die(one, bodies[call % bodies.size()]), one, source, registries, now);
  });
  std::printf("| %-23s | %6.0f | %6zu | %9.2f | %6.2f | %9.2f | %6.2f | %s |\n", one.name, size,
              one.facts, decoding / 1e3, size / decoding, both / 1e3, size / both,
              (size >= 1000 ? size / both >= 0.5 : both <= 2000) ? "yes" : "NO ");
}

}  // namespace
}  // namespace longshore::bench

int main(int argc, char** argv) {
  const longshore::bench::CpuShare share;
  using longshore::bench::effort_from;
  std::printf(
      "| body                    |  bytes | events | decode us |   GB/s | and admit |   GB/s | bar "
      "|\n");
  std::printf(
      "| ----------------------- | ------ | ------ | --------- | ------ | --------- | ------ | --- "
      "|\n");
  for (const auto& one : longshore::bench::cases()) {
    longshore::bench::measure(one, effort_from(argc, argv));
  }
  return 0;
}
