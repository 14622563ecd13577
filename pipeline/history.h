// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/decision.h"
#include "pipeline/event.h"

namespace longshore {

// What a tag names, since when and by which event: a row of the history that is still true.
struct TagState {
  Seq seq = 0;  // of the event that brought this digest; part of the row's key
  std::optional<Digest> digest;
  Time since{};
  std::string source;
  EventId event;
  Seq last_seq = 0;                 // of the last event that said the same
  std::optional<Time> occurred_at;  // of that one, by the sender's clock
  bool verify = true;               // its source wants the registry asked before it is used
  bool verified = false;            // the registry has said so
  bool listed = false;              // no push of it is known, only a list of tags that shows it
  // What the tag named before, while this turn knows it. Not stored.
  std::optional<Digest> before = std::nullopt;
};

// A change to the stored history of one repository.
struct HistoryChange {
  enum class Kind {
    close,   // the tag no longer names this digest
    open,    // a new row
    refresh  // the row stands, its last_seq, occurred_at, verify or verified are newer
  };
  Kind kind = Kind::open;
  Repository repository;
  Tag tag;
  TagState state;
  std::optional<Time> until;  // for close, and for a row that was never current
};

// The current tags of one repository, brought forward event by event; collects what to store.
//
// A tag's newest push wins: by the sender's event time where both come from one source and have
// one, else by the order of arrival. A push of an unknown digest is a new row, since the tag may
// have moved. Pure; one thread.
class RepositoryHistory {
 public:
  RepositoryHistory(Repository repository, std::map<Tag, TagState> current)
      : repository_(std::move(repository)), current_(std::move(current)) {}

  // REQUIRES: the event is of this repository, pushed, listed or deleted.
  void apply(const Event& event);
  // The registry's word on a tag that is current: its digest, or that it is gone.
  void verified(const Tag& tag, const Digest& digest, Time now);
  void gone(const Tag& tag, Time now);

  const Repository& repository() const noexcept { return repository_; }
  const std::map<Tag, TagState>& current() const noexcept { return current_; }
  std::vector<Candidate> candidates() const;
  std::vector<HistoryChange> take_changes() { return std::exchange(changes_, {}); }

 private:
  void push(const Event& event);
  void close(const Tag& tag, Time until);
  void open(const Tag& tag, TagState state);

  Repository repository_;
  std::map<Tag, TagState> current_;
  std::vector<HistoryChange> changes_;
};

}  // namespace longshore
