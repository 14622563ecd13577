// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "pipeline/time.h"

namespace longshore {

// Counts, per address and minute, the requests that could not show who they are, so that one that
// guesses is told to slow down. It knows at most `capacity` addresses: a new one then takes the
// place of the one whose minute began first.
//
// Threads: safe from every thread.
class FailureTable {
 public:
  FailureTable(unsigned limit, std::size_t capacity) : limit_(limit), capacity_(capacity) {}

  // Counts one failure; true if this address has now had more than the limit in its minute.
  bool failed_too_often(std::string_view address, SteadyTime now);
  std::size_t size() const;

 private:
  struct Entry {
    std::string address;
    SteadyTime since;
    unsigned failures = 0;
  };

  void drop_oldest();

  const unsigned limit_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_; the oldest minute first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_address_;  // likewise
};

}  // namespace longshore
