// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "pipeline/audit_entry.h"
#include "pipeline/clock.h"
#include "pipeline/intake.h"
#include "pipeline/journal.h"
#include "pipeline/people.h"
#include "pipeline/resolver.h"
#include "pipeline/setup.h"
#include "pipeline/store_reader.h"
#include "pipeline/sweep.h"

namespace longshore {

// What asking registries needs. Lifetime: the engine's.
struct SweepContext {
  Resolver* resolver;  // null: nothing is ever asked
  const CurrentSetup& setup;
  Intake& intake;
  Journal& journal;
  const People& people;
  const Clock& clock;
  std::function<void(AuditEntry)> audit;
};

// Asks about one repository and accepts what is new as events of the source "sweep".
//
// A tag that an earlier list did not have was pushed in between, and is news. What the first list
// of a repository shows is as old as may be: of it, only what would win is taken up.
//
// Threads: every function is safe from every thread; they block on the registry.
class SweepFinder {
 public:
  SweepFinder(const SweepContext& context, StoreReader reader)
      : context_(context), reader_(std::move(reader)) {}

  // Waits until one more request may be made; an error ends the sweep.
  using Pace = std::function<Status()>;
  // How many events were accepted. Errors as Resolver's functions, Intake::accept() and the store.
  Result<std::size_t> find(const Repository& repository, std::vector<SweepQuestion> questions,
                           const Pace& pace);

 private:
  Result<std::size_t> look_at_followed(const Repository& repository, const std::set<Tag>& tags,
                                       const Pace& pace);
  Result<std::size_t> list(const Repository& repository, std::vector<SweepQuestion> questions,
                           const Pace& pace);
  Result<std::size_t> take_up(const Repository& repository, const std::vector<Tag>& tags,
                              EventKind kind);
  Result<std::size_t> accept(const Repository& repository, std::vector<Event> events);
  Status wait_until_durable(Seq seq) const;
  bool is_missed(const Repository& repository, EventKind kind, bool notified) const;
  void report_missed(const Event& event) const;
  Event event_of(const Repository& repository, const Tag& tag, EventKind kind) const;

  const SweepContext& context_;
  std::mutex reader_mutex_;
  StoreReader reader_;  // guarded by reader_mutex_
};

}  // namespace longshore
