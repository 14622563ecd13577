// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/control.h"
#include "pipeline/history.h"
#include "pipeline/sqlite.h"
#include "pipeline/store_people.h"
#include "pipeline/store_rollouts.h"

namespace longshore {

// A delivery that was seen before.
struct SeenDelivery {
  DeliveryKey key{};
  Seq seq = 0;
  EventId event;
  Time received_at{};
};

// Reads of the store, on a connection of its own that cannot write. Each call is a read of its own:
// what the journal commits in between is seen by the next.
//
// Threads: one at a time; each thread that reads has its own. Every failure is io.
class StoreReader {
 public:
  // REQUIRES: the store exists with the newest schema.
  static Result<StoreReader> open(const std::filesystem::path& file, const std::string& vfs);
  StoreReader(StoreReader&&) noexcept;
  StoreReader& operator=(StoreReader&&) noexcept;
  ~StoreReader();

  // In the order of `seqs`; those that are gone are left out.
  Result<std::vector<Event>> events(std::span<const Seq> seqs);
  Result<Event> event(const EventId& id);  // not_found
  // Events that no lane has decided, oldest first.
  Result<std::vector<std::pair<Seq, Repository>>> open_events();
  Result<Seq> newest_seq();
  // The newest deliveries with a key since then, at most `limit`, oldest first.
  Result<std::vector<SeenDelivery>> deliveries(Time since, std::size_t limit);

  // What the repository's tags name now: all of them, or the given ones.
  Result<std::map<Tag, TagState>> current_tags(const Repository& repository);
  Result<std::map<Tag, TagState>> current_tags(const Repository& repository,
                                               std::span<const Tag> tags);
  // What tags named at that time, or as one of these digests, and no longer name.
  Result<std::vector<Candidate>> tags_at(const Repository& repository, Time when,
                                         std::span<const Digest> digests);
  Result<std::vector<HistoryEntry>> history(const Repository& repository, std::size_t limit);

  // Lists of tags (store_sweep.cc). Whether a whole one has been seen; those of the tags that none
  // has shown; whether any source but `sweep` has spoken of the repository.
  Result<bool> is_listed(const Repository& repository);
  Result<std::vector<Tag>> not_listed(const Repository& repository, std::span<const Tag> tags);
  Result<bool> was_notified(const Repository& repository, std::string_view sweep);

  Result<std::vector<Wait>> waits(std::size_t limit);
  // Open ones, oldest first.
  Result<std::vector<Action>> open_actions();
  Result<std::vector<Action>> open_actions(const Repository& repository);
  // Newest first.
  Result<std::vector<Action>> actions(std::optional<ActionState> state, std::size_t limit);
  Result<Action> action(const ActionId& id);  // not_found
  // Of this repository, newest first.
  Result<std::vector<Action>> actions_of(const Repository& repository, std::size_t limit);
  Result<std::map<std::string, std::uint64_t>> count_actions();

  // What persons said, and what they may have undone.
  PeopleReader& people() noexcept;
  RolloutReader& rollouts() noexcept;

  // Lines after the given number, at most `limit`.
  Result<std::vector<std::string>> audit_lines(std::uint64_t after, std::size_t limit);
  // The number of the first line that is kept; 0 for none.
  Result<std::uint64_t> first_audit_line();

 private:
  struct Statements;
  StoreReader(Database database, std::unique_ptr<Statements> statements);
  Result<std::vector<Action>> read_actions(Statement& statement);
  Status read_changes(Action& action);

  Database database_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace longshore
