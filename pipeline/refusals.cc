// SPDX-License-Identifier: Apache-2.0
#include "pipeline/refusals.h"

namespace longshore {
namespace {

constexpr std::size_t kMostKeys = 10'000;
constexpr std::chrono::minutes kMinute{1};

}  // namespace

AuditEntry Refusals::line_for(const Key& key, const Open& open) {
  AuditEntry line;
  line.time = open.last;
  line.id = open.id;
  line.step = "refused";
  line.source = std::get<0>(key);
  line.actor = std::get<2>(key);
  line.reason = std::get<1>(key);
  line.count = open.count;
  return line;
}

Ulid Refusals::add(const std::string& source, const std::string& reason,
                   const std::string& address) {
  const Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  Key key{source, reason, address};
  if (open_.size() >= kMostKeys && !open_.contains(key)) std::get<2>(key) = "many addresses";
  const auto at = open_.find(key);
  if (at != open_.end()) {
    ++at->second.count;
    at->second.last = now;
    return at->second.id;
  }
  const Open first{Ulid::make(now), 1, now, {}};
  write_(line_for(key, first));
  open_.emplace(std::move(key), Open{Ulid::make(now), 0, now, clock_.steady() + kMinute});
  return first.id;
}

void Refusals::flush(Which which) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  for (auto at = open_.begin(); at != open_.end();) {
    if (which == Which::due && at->second.until > now) {
      ++at;
      continue;
    }
    if (at->second.count > 0) write_(line_for(at->first, at->second));
    at = open_.erase(at);
  }
}

}  // namespace longshore
