// SPDX-License-Identifier: Apache-2.0
#include "receiver/failure_table.h"

namespace longshore {
namespace {

constexpr std::chrono::minutes kWindow{1};

}  // namespace

bool FailureTable::failed_too_often(std::string_view address, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  while (!entries_.empty() && now - entries_.front().since >= kWindow)
    drop_oldest();
  const auto known = by_address_.find(address);
  if (known != by_address_.end()) return ++known->second->failures > limit_;

  if (entries_.size() >= capacity_) drop_oldest();
  entries_.push_back(Entry{std::string(address), now, 1});
  by_address_.emplace(entries_.back().address, std::prev(entries_.end()));
  return limit_ == 0;
}

std::size_t FailureTable::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void FailureTable::drop_oldest() {
  by_address_.erase(entries_.front().address);
  entries_.pop_front();
}

}  // namespace longshore
