// SPDX-License-Identifier: Apache-2.0
#include "pipeline/dedupe_window.h"

#include <cstring>

namespace longshore {

std::size_t DedupeWindow::FirstBytes::operator()(const DeliveryKey& key) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

std::optional<DedupeWindow::Seen> DedupeWindow::find(const DeliveryKey& key) const {
  const auto at = seen_.find(key);
  if (at == seen_.end()) return std::nullopt;
  return at->second;
}

void DedupeWindow::add(const DeliveryKey& key, const Seen& seen, SteadyTime at) {
  while (!by_age_.empty() &&
         (by_age_.size() >= max_keys_ || at - by_age_.front().first > max_age_)) {
    seen_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
  seen_.emplace(key, seen);
  by_age_.emplace_back(at, key);
}

}  // namespace longshore
