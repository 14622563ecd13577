// SPDX-License-Identifier: Apache-2.0
#include "pipeline/history.h"

namespace longshore {
namespace {

bool is_older(const Event& event, const TagState& current) {
  if (event.source == current.source && event.occurred_at && current.occurred_at &&
      *event.occurred_at != *current.occurred_at) {
    return *event.occurred_at < *current.occurred_at;
  }
  return event.seq < current.last_seq;
}

TagState state_of(const Event& event) {
  return TagState{.seq = event.seq,
                  .digest = event.digest,
                  .since = event.received_at,
                  .source = event.source,
                  .event = event.id,
                  .last_seq = event.seq,
                  .occurred_at = event.occurred_at,
                  .verify = event.verify,
                  .verified = false,
                  .listed = event.kind == EventKind::listed};
}

}  // namespace

void RepositoryHistory::close(const Tag& tag, Time until) {
  const auto at = current_.find(tag);
  if (at == current_.end()) return;
  changes_.push_back({HistoryChange::Kind::close, repository_, tag, at->second, until});
  current_.erase(at);
}

void RepositoryHistory::open(const Tag& tag, TagState state) {
  changes_.push_back({HistoryChange::Kind::open, repository_, tag, state, std::nullopt});
  current_.insert_or_assign(tag, std::move(state));
}

void RepositoryHistory::push(const Event& event) {
  const auto at = current_.find(*event.tag);
  if (at == current_.end()) return open(*event.tag, state_of(event));
  TagState& current = at->second;
  if (event.kind == EventKind::listed) return;  // it is known, and better
  if (is_older(event, current)) {
    // It was true once: kept for the record, never current.
    changes_.push_back(
        {HistoryChange::Kind::open, repository_, *event.tag, state_of(event), event.received_at});
    return;
  }
  if (event.digest == current.digest) {
    current.last_seq = event.seq;
    current.occurred_at = event.occurred_at;
    current.verify = event.verify;
    current.listed = false;
    changes_.push_back(
        {HistoryChange::Kind::refresh, repository_, *event.tag, current, std::nullopt});
    return;
  }
  TagState next = state_of(event);
  next.before = current.digest;
  close(*event.tag, event.received_at);
  open(*event.tag, std::move(next));
}

void RepositoryHistory::apply(const Event& event) {
  const bool is_push = event.kind == EventKind::pushed || event.kind == EventKind::listed;
  if (is_push && event.tag) return push(event);
  if (event.kind != EventKind::deleted) return;
  if (event.tag) {
    const auto at = current_.find(*event.tag);
    if (at != current_.end() && !is_older(event, at->second)) close(*event.tag, event.received_at);
    return;
  }
  if (!event.digest) return;
  std::vector<Tag> named;
  for (const auto& [tag, state] : current_) {
    if (state.digest == event.digest && !is_older(event, state)) named.push_back(tag);
  }
  for (const Tag& tag : named)
    close(tag, event.received_at);
}

void RepositoryHistory::verified(const Tag& tag, const Digest& digest, Time now) {
  const auto at = current_.find(tag);
  if (at == current_.end()) return;
  // The row's key is the seq of the event that brought it, so where the registry names another
  // digest than the sender did, the registry's takes its place.
  if (at->second.digest && *at->second.digest != digest) at->second.since = now;
  at->second.digest = digest;
  at->second.verified = true;
  changes_.push_back({HistoryChange::Kind::refresh, repository_, tag, at->second, std::nullopt});
}

void RepositoryHistory::gone(const Tag& tag, Time now) {
  close(tag, now);
}

std::vector<Candidate> RepositoryHistory::candidates() const {
  std::vector<Candidate> all;
  all.reserve(current_.size());
  for (const auto& [tag, state] : current_) {
    all.push_back({.tag = tag,
                   .digest = state.digest,
                   .seq = state.last_seq,
                   .event = state.event,
                   .occurred_at = state.occurred_at,
                   .first_seen = state.since,
                   .moved_on = false,
                   .listed = state.listed});
  }
  return all;
}

}  // namespace longshore
