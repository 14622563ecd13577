// SPDX-License-Identifier: Apache-2.0
#include "pipeline/sweep_finder.h"

#include <algorithm>
#include <thread>

#include "pipeline/glob.h"

namespace longshore {
namespace {

constexpr std::chrono::milliseconds kNap{20};

}  // namespace

Result<std::size_t> SweepFinder::find(const Order& order) {
  auto followed = look_at_followed(order);
  if (!followed || !needs_list(order.questions)) return followed;
  auto listed = list(order);
  if (!listed) return listed;
  return *followed + *listed;
}

Result<std::size_t> SweepFinder::look_at_followed(const Order& order) {
  const Repository& repository = order.repository;
  std::size_t found = 0;
  for (const Tag& tag : followed_tags(order.questions)) {
    if (auto turn = order.pace(); !turn) return turn.error();
    auto digest = context_.resolver->resolve(repository, tag);
    if (!digest && digest.error().code == Errc::not_found) continue;
    if (!digest) return std::move(digest).error();
    auto known = [&] {
      const std::lock_guard lock(reader_mutex_);
      return reader_.current_tags(repository, std::vector{tag});
    }();
    if (!known) return std::move(known).error();
    const auto at = known->find(tag);
    if (at != known->end() && at->second.digest == *digest) continue;
    // A tag that we did not know may have been what it is for years.
    std::vector<Event> events;
    events.push_back(
        event_of(repository, tag, at == known->end() ? EventKind::listed : EventKind::pushed));
    events.back().digest = *digest;
    auto accepted = accept(order, std::move(events));
    if (!accepted) return accepted;
    found += *accepted;
  }
  return found;
}

// What a page shows is remembered only after it is accepted: a crash in between shows it again.
Result<std::size_t> SweepFinder::list(const Order& order) {
  const Repository& repository = order.repository;
  auto has_earlier = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.is_listed(repository);
  }();
  if (!has_earlier) return std::move(has_earlier).error();
  ListWinners best(order.questions);
  std::size_t found = 0;
  const auto on_page = [&](const std::vector<Tag>& page) -> Status {
    const Time now = context_.clock.now();
    best.add(page, now);
    auto fresh = [&] {
      const std::lock_guard lock(reader_mutex_);
      return reader_.not_listed(repository, page);
    }();
    if (!fresh) return std::move(fresh).error();
    if (*has_earlier) {
      auto accepted = take_up(order, *fresh, EventKind::pushed);
      if (!accepted) return std::move(accepted).error();
      found += *accepted;
    }
    if (!fresh->empty()) {
      auto marked = context_.journal.run(
          [&](StoreWriter& writer) { return writer.mark_listed(repository, *fresh, now); });
      if (!marked) return marked;
    }
    return order.pace();
  };
  if (auto turn = order.pace(); !turn) return turn.error();
  if (auto listed = context_.resolver->list_tags(repository, on_page); !listed) {
    return listed.error();
  }
  const auto winners = best.winners();
  auto accepted = take_up(order, {winners.begin(), winners.end()}, EventKind::listed);
  if (!accepted) return accepted;
  found += *accepted;
  if (*has_earlier) return found;
  auto ended = context_.journal.run(
      [&](StoreWriter& writer) { return writer.end_list(repository, context_.clock.now()); });
  if (!ended) return ended.error();
  return found;
}

// Accepts those of the tags that the history does not have.
Result<std::size_t> SweepFinder::take_up(const Order& order, const std::vector<Tag>& tags,
                                         EventKind kind) {
  if (tags.empty()) return std::size_t{0};
  const Repository& repository = order.repository;
  auto known = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.current_tags(repository, tags);
  }();
  if (!known) return std::move(known).error();
  std::vector<Event> events;
  for (const Tag& tag : tags) {
    if (!known->contains(tag) && !tag.is_companion()) {
      events.push_back(event_of(repository, tag, kind));
    }
  }
  return accept(order, std::move(events));
}

// Waits until they are safe: only then is the list that shows them remembered. That one was missed
// is written first, so that no crash in between hides it.
Result<std::size_t> SweepFinder::accept(const Order& order, std::vector<Event> events) {
  if (events.empty()) return std::size_t{0};
  auto notified = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.was_notified(order.repository, kSweepSource);
  }();
  if (!notified) return std::move(notified).error();
  for (const Event& event : events) {
    if (is_missed(order, event.kind, *notified)) report_missed(event);
  }
  const std::size_t count = events.size();
  auto accepted = context_.intake.accept(std::move(events));
  if (!accepted) return std::move(accepted).error();
  if (auto safe = wait_until_durable(accepted->durable_after); !safe) return safe.error();
  return count;
}

Status SweepFinder::wait_until_durable(Seq seq) const {
  for (;;) {
    const Status durable = context_.intake.durable(seq);
    if (durable || durable.error().code != Errc::busy) return durable;
    std::this_thread::sleep_for(kNap);
  }
}

// Whether somebody should have told us.
bool SweepFinder::is_missed(const Order& order, EventKind kind, bool notified) const {
  if (order.expected) return false;
  if (notified) return true;
  if (kind != EventKind::pushed) return false;
  const SetupPtr setup = context_.setup.get();
  return std::ranges::any_of(setup->sweep.announced, [&](const std::string& pattern) {
    return glob_match(pattern, order.repository.str());
  });
}

void SweepFinder::report_missed(const Event& event) const {
  AuditEntry line;
  line.time = context_.clock.now();
  line.id = event.id;
  line.step = "missed";
  line.image = event.image();
  line.reason = "no notification told of it: found at the registry";
  context_.audit(std::move(line));
}

Event SweepFinder::event_of(const Repository& repository, const Tag& tag, EventKind kind) const {
  Event event = plain_event(kind, repository, context_.clock.now());
  event.source = kSweepSource;
  event.source_type = kSweepSource;
  event.tag = tag;
  return event;
}

}  // namespace longshore
