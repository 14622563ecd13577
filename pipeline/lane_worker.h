// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <stop_token>
#include <vector>

#include "pipeline/bad_policies.h"
#include "pipeline/journal.h"
#include "pipeline/known_repositories.h"
#include "pipeline/lanes.h"
#include "pipeline/lookups.h"
#include "pipeline/people.h"
#include "pipeline/setup.h"
#include "pipeline/store_reader.h"
#include "pipeline/turn.h"

namespace longshore {

// What all lane workers share. Lifetime: the engine's.
struct LaneContext {
  Lanes& lanes;
  Journal& journal;
  const CurrentSetup& setup;
  KnownRepositories& known;
  BadPolicies& bad_policies;
  People& people;
  const Clock& clock;
  Lookups& lookups;

  std::atomic<std::uint64_t> backlog{0};  // committed and not yet decided
  std::atomic<std::uint64_t> updates{0};
  std::atomic<std::uint64_t> skips{0};
};

// Takes ready lanes, decides them and has the result written: events finished, history, actions,
// waits and audit lines of a turn are one command of the journal. A crash before its commit leaves
// the events open, and the next start decides them again.
//
// Where the registry has to be asked first, the container waits: the turn is finished all the same,
// and the lane is called again when there is an answer (lookups.h). What is not verified stands in
// the history, so nothing is forgotten over a restart.
//
// Threads: run() on a thread of its own for each worker.
class LaneWorker {
 public:
  LaneWorker(LaneContext& context, StoreReader reader)
      : context_(context), reader_(std::move(reader)) {}

  void run(std::stop_token stop);

 private:
  struct Prepared {
    Turn turn;
    TurnResult result;
    std::vector<HistoryChange> history;
    std::vector<Hold> overruled;  // persons' words that were noticed
  };
  struct Held {
    std::vector<Hold> all;
    std::vector<Hold> added;  // those of them that are not written yet
  };
  // What the registry has said in this turn, and what it has not said yet.
  struct Verification {
    std::map<Tag, std::string> pending;
    std::vector<AuditEntry> audit;
  };
  Result<Prepared> prepare(const Turn& turn, const Setup& setup);
  Result<RepositoryHistory> read_history(const Turn& turn, std::span<const Event> events,
                                         bool all_tags);
  Result<TurnResult> decide_turn(TurnInput& input, RepositoryHistory& history);
  bool verify_winners(const TurnResult& result, RepositoryHistory& history, Verification& state);
  // What is held for the workloads of a turn, with what persons have undone on their targets.
  Result<Held> read_holds(const Turn& turn, const Setup& setup,
                          std::span<const WorkloadPtr> workloads,
                          std::span<const Candidate> candidates);
  Result<std::vector<Hold>> overruled_in(const Workload& workload, const Turn& turn,
                                         const Setup& setup, std::span<const Candidate> candidates);
  Status write_holds(StoreWriter& writer, std::span<const Hold> holds);
  void write(std::vector<Prepared> turns, const Setup& setup);
  void wake_later(const Repository& repository, Time due);

  LaneContext& context_;
  StoreReader reader_;
};

}  // namespace longshore
