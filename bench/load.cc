// SPDX-License-Identifier: Apache-2.0
//
// The load of the receiver's benchmarks: pushes to Docker Hub, 0.9 KB, each one different, from one
// thread. Prints one JSON object on standard output. Its own generator because wrk runs a Lua
// function for each request and is then slower than the servers that are to be measured.
//
//   load --port N [--path /hooks/hub] [--token T] [--connections 32] [--repositories 1000]
//        [--rate R]            open loop, R requests a second; else a closed loop
//        [--warm-up S] [--seconds S] [--first-serial N] [--idle N] [--slow N]
#include <cinttypes>
#include <map>
#include <utility>

#include <sys/resource.h>

#include "bench/load_client.h"
#include "bench/support.h"

namespace longshore::bench {
namespace {

std::chrono::duration<double> seconds(const Arguments& arguments) {
  return std::chrono::duration<double>(arguments.number<double>());
}

using Setter = void (*)(LoadOptions& options, const Arguments& arguments);

// clang-format off
const std::map<std::string_view, Setter> kOptions{
    {"--port", [](auto& o, auto& a) { o.port = a.template number<std::uint16_t>(); }},
    {"--path", [](auto& o, auto& a) { o.path = a.value(); }},
    {"--token", [](auto& o, auto& a) { o.token = a.value(); }},
    {"--connections", [](auto& o, auto& a) { o.connections = a.template number<std::uint64_t>(); }},
    {"--repositories", [](auto& o, auto& a) { o.repositories = a.template number<std::uint64_t>(); }},
    {"--rate", [](auto& o, auto& a) { o.rate = a.template number<double>(); }},
    {"--warm-up", [](auto& o, auto& a) { o.warm_up = seconds(a); }},
    {"--seconds", [](auto& o, auto& a) { o.measured = seconds(a); }},
    {"--first-serial", [](auto& o, auto& a) { o.first_serial = a.template number<std::uint64_t>(); }},
    {"--idle", [](auto& o, auto& a) { o.idle_connections = a.template number<std::uint64_t>(); }},
    {"--slow", [](auto& o, auto& a) { o.slow_senders = a.template number<std::uint64_t>(); }},
};
// clang-format on

LoadOptions read_options(Arguments arguments) {
  LoadOptions options;
  while (arguments.next()) {
    const auto found = kOptions.find(arguments.name());
    if (found == kOptions.end()) refuse(arguments.name(), "there is no such option");
    found->second(options, arguments);
  }
  if (options.port == 0) refuse("--port", "where the server listens has to be given");
  if (options.connections == 0 || options.repositories == 0) {
    refuse("--connections and --repositories", "at least one is needed");
  }
  return options;
}

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void print(const LoadResult& result) {
  const LatencyHistogram& latency = result.latency;
  const auto us = [&latency](double share) {
    return static_cast<double>(latency.quantile(share)) / 1e3;
  };
  std::printf("{\"per_second\": %.1f, \"measured\": %" PRIu64 ", \"seconds\": %.3f, ",
              static_cast<double>(latency.count()) / result.seconds, latency.count(),
              result.seconds);
  std::printf("\"sent\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"unsent\": %" PRIu64
              ", \"reconnects\": %" PRIu64 ", \"crowd_closed\": %" PRIu64 ", \"replies\": {",
              result.sent, result.lost, result.unsent, result.reconnects, result.crowd_closed);
  const char* separator = "";
  for (const auto& [status, count] : result.replies) {
    std::printf("%s\"%d\": %" PRIu64, std::exchange(separator, ", "), status, count);
  }
  std::printf(
      "}, \"latency_us\": {\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, "
      "\"max\": %.1f}, \"cpu_share\": %.3f}\n",
      us(0.5), us(0.9), us(0.99), us(0.999), static_cast<double>(latency.largest()) / 1e3,
      result.cpu_seconds / result.seconds);
}

}  // namespace
}  // namespace longshore::bench

int main(int argc, char** argv) {
  longshore::bench::allow_many_descriptors();
  longshore::bench::LoadClient client(
      longshore::bench::read_options(longshore::bench::Arguments(argc, argv)));
  longshore::bench::print(client.run());
  return 0;
}
