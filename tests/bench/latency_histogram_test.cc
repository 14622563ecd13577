// SPDX-License-Identifier: Apache-2.0
#include "bench/latency_histogram.h"

#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace longshore::bench {
namespace {

TEST_CASE("An empty histogram has no quantiles", "[bench][latency_histogram]") {
  const LatencyHistogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(0.5) == 0);
  CHECK(histogram.quantile(1.0) == 0);
}

TEST_CASE("Small durations are counted exactly", "[bench][latency_histogram]") {
  LatencyHistogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) {
    histogram.add(value);
  }
  CHECK(histogram.count() == 100);
  CHECK(histogram.quantile(0.01) == 1);
  CHECK(histogram.quantile(0.5) == 50);
  CHECK(histogram.quantile(1.0) == 100);
  CHECK(histogram.largest() == 100);
}

TEST_CASE("A quantile is at most 1.6 % above the true one and never below it",
          "[bench][latency_histogram]") {
  std::mt19937_64 random(7);
  LatencyHistogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(random() >> (random() % 60));
    histogram.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    CAPTURE(share);
    const auto rank = static_cast<std::size_t>(share * 20'000 + 0.999999);
    const auto truth = static_cast<double>(values[rank - 1]);
    const auto shown = static_cast<double>(histogram.quantile(share));
    CHECK(shown >= truth);
    CHECK(shown <= truth * (1 + 1.0 / 64) + 1);
  }
}

TEST_CASE("The longest duration that there is has a bucket", "[bench][latency_histogram]") {
  LatencyHistogram histogram;
  histogram.add(~std::uint64_t{0});
  CHECK(histogram.quantile(0.5) == ~std::uint64_t{0});
}

}  // namespace
}  // namespace longshore::bench
