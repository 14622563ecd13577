// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace longshore::bench {

// Makes the compiler believe that the value is looked at, so that its making is not left out.
template <class Value>
inline void keep(const Value& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// How long a measurement takes: for numbers, or only to show that it still works.
enum class Effort { full, smoke };

// Nanoseconds per call of run(i), i counting up from 0: the median of eleven batches, each long
// enough for the clock not to matter, after one that only warms up.
template <class Run>
double nanoseconds_per_call(Effort effort, Run run) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kBatches = 11;
  const auto batch_time =
      effort == Effort::full ? std::chrono::milliseconds(50) : std::chrono::milliseconds(0);
  std::array<double, kBatches + 1> times{};
  std::size_t call = 0;
  std::size_t calls = 1;
  for (std::size_t batch = 0; batch < times.size();) {
    const auto begin = Clock::now();
    for (const std::size_t end = call + calls; call < end; ++call)
      run(call);
    const auto took = Clock::now() - begin;
    if (batch == 0 && took < batch_time) {
      calls *= 2;
      continue;
    }
    times[batch++] =
        std::chrono::duration<double, std::nano>(took).count() / static_cast<double>(calls);
  }
  std::nth_element(times.begin() + 1, times.begin() + 1 + kBatches / 2, times.end());
  return times[1 + kBatches / 2];
}

// Says at its end how much of a CPU this program got: times on a steady clock mean little where
// others took a part of it.
class CpuShare {
 public:
  CpuShare() = default;
  ~CpuShare() {
    const double wall =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    std::printf("\nThis program had %.0f %% of a CPU; below 95 %% its times are too long.\n",
                100 * (cpu_seconds() - cpu_begin_) / wall);
  }
  CpuShare(const CpuShare&) = delete;
  CpuShare& operator=(const CpuShare&) = delete;

 private:
  static double cpu_seconds() {
    return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
  }

  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double cpu_begin_ = cpu_seconds();
};

// `--smoke` as the only argument.
inline Effort effort_from(int argc, char** argv) {
  return argc == 2 && std::string_view(argv[1]) == "--smoke" ? Effort::smoke : Effort::full;
}

}  // namespace longshore::bench
