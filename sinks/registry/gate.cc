// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/gate.h"

#include <algorithm>

namespace longshore {
namespace {

Error stopped() {
  return Error{Errc::unavailable, "given up: the program stops"};
}

}  // namespace

Gate::Gate(std::string host, unsigned concurrency, std::optional<double> per_second,
           const Clock& clock)
    : host_(std::move(host)),
      concurrency_(std::max(concurrency, 1U)),
      per_second_(per_second),
      clock_(clock) {}

std::optional<Error> Gate::closed() const {
  const SteadyTime now = clock_.steady();
  if (closed_until_ <= now) return std::nullopt;
  const auto wait = std::chrono::duration_cast<std::chrono::microseconds>(closed_until_ - now);
  return Error{Errc::busy,
               host_ + " asked not to be asked before " +
                   format_time(std::chrono::ceil<std::chrono::seconds>(clock_.now() + wait))};
}

std::optional<SteadyTime> Gate::closed_until() const {
  const std::lock_guard lock(mutex_);
  if (closed_until_ <= clock_.steady()) return std::nullopt;
  return closed_until_;
}

void Gate::close_for(std::chrono::seconds wait) {
  const std::lock_guard lock(mutex_);
  closed_until_ = std::max(closed_until_, clock_.steady() + wait);
  changed_.notify_all();
}

Result<Gate::Pass> Gate::enter(const CallScope& call) {
  std::unique_lock lock(mutex_);
  if (auto error = closed()) return *std::move(error);
  const bool free = changed_.wait_until(lock, call.stop, call.deadline,
                                        [this] { return inside_ < concurrency_ || closed(); });
  if (call.stop.stop_requested()) return stopped();
  if (!free) {
    return Error{Errc::busy, host_ + " does not keep up: " + std::to_string(concurrency_) +
                                 " requests to it were under way for too long"};
  }
  // What the others heard meanwhile.
  if (auto error = closed()) return *std::move(error);
  const auto turn = take_turn(call.deadline);
  if (!turn) {
    return Error{Errc::busy, host_ + ": too many requests for its requests_per_second"};
  }
  ++inside_;
  changed_.wait_until(lock, call.stop, *turn, [this] { return closed().has_value(); });
  auto error = closed();
  lock.unlock();
  Pass pass(*this);
  if (error) return *std::move(error);
  if (call.stop.stop_requested()) return stopped();
  return pass;
}

std::optional<SteadyTime> Gate::take_turn(SteadyTime latest) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!per_second_ || *per_second_ <= 0) return now;
  const auto seconds = [](double count) {
    return std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(count));
  };
  const auto gap = seconds(1 / *per_second_);
  const auto ahead = seconds(1) - std::min(gap, SteadyTime::duration(seconds(1)));
  const SteadyTime even = std::max(next_turn_, now);
  const SteadyTime turn = std::max(even - ahead, now);
  if (turn > latest) return std::nullopt;
  next_turn_ = even + gap;
  return turn;
}

void Gate::leave() {
  const std::lock_guard lock(mutex_);
  --inside_;
  changed_.notify_all();  // some wait for their turn, some for a place
}

}  // namespace longshore
