// SPDX-License-Identifier: Apache-2.0
#include "pipeline/sweep_finder.h"

#include <algorithm>
#include <thread>

#include "pipeline/glob.h"

namespace longshore {
namespace {

constexpr std::string_view kSource = "sweep";
constexpr std::chrono::milliseconds kNap{20};

}  // namespace

Result<std::size_t> SweepFinder::find(const Repository& repository,
                                      std::vector<SweepQuestion> questions, const Pace& pace) {
  auto followed = look_at_followed(repository, followed_tags(questions), pace);
  if (!followed || !needs_list(questions)) return followed;
  auto listed = list(repository, std::move(questions), pace);
  if (!listed) return listed;
  return *followed + *listed;
}

Result<std::size_t> SweepFinder::look_at_followed(const Repository& repository,
                                                  const std::set<Tag>& tags, const Pace& pace) {
  std::size_t found = 0;
  for (const Tag& tag : tags) {
    if (auto turn = pace(); !turn) return turn.error();
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
    auto accepted = accept(repository, std::move(events));
    if (!accepted) return accepted;
    found += *accepted;
  }
  return found;
}

// What a page shows is remembered only after it is accepted: a crash in between shows it again.
Result<std::size_t> SweepFinder::list(const Repository& repository,
                                      std::vector<SweepQuestion> questions, const Pace& pace) {
  auto has_earlier = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.is_listed(repository);
  }();
  if (!has_earlier) return std::move(has_earlier).error();
  ListWinners best(std::move(questions));
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
      auto accepted = take_up(repository, *fresh, EventKind::pushed);
      if (!accepted) return std::move(accepted).error();
      found += *accepted;
    }
    if (!fresh->empty()) {
      auto marked = context_.journal.run(
          [&](StoreWriter& writer) { return writer.mark_listed(repository, *fresh, now); });
      if (!marked) return marked;
    }
    return pace();
  };
  if (auto turn = pace(); !turn) return turn.error();
  if (auto listed = context_.resolver->list_tags(repository, on_page); !listed) {
    return listed.error();
  }
  const auto winners = best.winners();
  auto accepted = take_up(repository, {winners.begin(), winners.end()}, EventKind::listed);
  if (!accepted) return accepted;
  found += *accepted;
  if (*has_earlier) return found;
  auto ended = context_.journal.run(
      [&](StoreWriter& writer) { return writer.end_list(repository, context_.clock.now()); });
  if (!ended) return ended.error();
  return found;
}

// Accepts those of the tags that the history does not have.
Result<std::size_t> SweepFinder::take_up(const Repository& repository, const std::vector<Tag>& tags,
                                         EventKind kind) {
  if (tags.empty()) return std::size_t{0};
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
  return accept(repository, std::move(events));
}

// Waits until they are safe: only then is the list that shows them remembered.
Result<std::size_t> SweepFinder::accept(const Repository& repository, std::vector<Event> events) {
  if (events.empty()) return std::size_t{0};
  auto notified = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.was_notified(repository, kSource);
  }();
  if (!notified) return std::move(notified).error();
  const std::vector<Event> copies = events;
  auto accepted = context_.intake.accept(std::move(events));
  if (!accepted) return std::move(accepted).error();
  if (auto safe = wait_until_durable(accepted->durable_after); !safe) return safe.error();
  for (const Event& event : copies) {
    if (is_missed(repository, event.kind, *notified)) report_missed(event);
  }
  return copies.size();
}

Status SweepFinder::wait_until_durable(Seq seq) const {
  for (;;) {
    const Status durable = context_.intake.durable(seq);
    if (durable || durable.error().code != Errc::busy) return durable;
    std::this_thread::sleep_for(kNap);
  }
}

// Whether somebody should have told us.
bool SweepFinder::is_missed(const Repository& repository, EventKind kind, bool notified) const {
  if (notified) return true;
  if (kind != EventKind::pushed) return false;
  const SetupPtr setup = context_.setup.get();
  return std::ranges::any_of(setup->sweep.announced, [&](const std::string& pattern) {
    return glob_match(pattern, repository.str());
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
  const Time now = context_.clock.now();
  return Event{.id = EventId::make(now),
               .seq = 0,
               .source = std::string(kSource),
               .source_type = std::string(kSource),
               .kind = kind,
               .repository = repository,
               .tag = tag,
               .digest = {},
               .media_type = {},
               .actor = {},
               .occurred_at = {},
               .received_at = now,
               .key = {},
               .delivery_id = {},
               .not_actionable = {},
               .verify = true};
}

}  // namespace longshore
