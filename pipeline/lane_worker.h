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
  };
  // What the registry has said in this turn, and what it has not said yet.
  struct Verification {
    std::map<Tag, std::string> pending;
    std::vector<AuditEntry> audit;
  };
  Result<Prepared> prepare(const Turn& turn, const Setup& setup);
  Result<RepositoryHistory> read_history(const Turn& turn, std::span<const Event> events,
                                         bool all_tags);
  TurnResult decide_turn(TurnInput& input, RepositoryHistory& history);
  bool verify_winners(const TurnResult& result, RepositoryHistory& history, Verification& state);
  Status add_earlier(const TurnResult& result, const TurnInput& input,
                     std::vector<Candidate>& candidates);
  void write(std::vector<Prepared> turns, const Setup& setup);
  void wake_later(const Repository& repository, Time due);

  LaneContext& context_;
  StoreReader reader_;
};

}  // namespace longshore
