// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "pipeline/audit_entry.h"
#include "pipeline/clock.h"

namespace longshore {

// Gathers refused requests, so that noise cannot rotate the history away: of each (source, reason,
// address) the first gets a line at once, and those that follow within a minute are one line with
// their number at its end. Beyond a number of different ones, addresses are no longer told apart.
//
// Threads: safe from every thread.
class Refusals {
 public:
  using Write = std::function<void(AuditEntry)>;
  Refusals(const Clock& clock, Write write) : clock_(clock), write_(std::move(write)) {}

  // Returns the id of the line that counts this one.
  Ulid add(const std::string& source, const std::string& reason, const std::string& address);
  // Writes what the minute gathered; all of it where `everything` (at the end).
  enum class Which { due, everything };
  void flush(Which which);

 private:
  struct Open {
    Ulid id;
    std::uint64_t count = 0;
    Time last{};
    SteadyTime until{};  // end of the minute
  };
  using Key = std::tuple<std::string, std::string, std::string>;
  static AuditEntry line_for(const Key& key, const Open& open);

  const Clock& clock_;
  const Write write_;
  std::mutex mutex_;
  std::map<Key, Open> open_;  // guarded by mutex_
};

}  // namespace longshore
