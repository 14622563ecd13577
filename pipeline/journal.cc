// SPDX-License-Identifier: Apache-2.0
#include "pipeline/journal.h"

#include <algorithm>
#include <future>
#include <iterator>

namespace longshore {
namespace {

constexpr std::size_t kMostItems = 512;
constexpr std::size_t kMostCommands = 64;
// A wake-up that was missed costs at most this.
constexpr std::chrono::milliseconds kNap{100};

AuditEntry received(const Event& event) {
  return AuditEntry{.time = event.received_at,
                    .id = event.id,
                    .step = "received",
                    .source = event.source,
                    .actor = event.actor.value_or(""),
                    .image = event.image(),
                    .outcome = std::string(name_of(event.kind))};
}

AuditEntry ignored(const Event& event) {
  return AuditEntry{.time = event.received_at,
                    .id = event.id,
                    .step = "decided",
                    .source = event.source,
                    .image = event.image(),
                    .decision = "ignore",
                    .reason = *event.not_actionable};
}

}  // namespace

Journal::Journal(StoreWriter writer, ProducerFifoQueue& intake, DurableSeq& durable,
                 const Clock& clock, Hooks hooks)
    : intake_(intake),
      durable_(durable),
      clock_(clock),
      hooks_(std::move(hooks)),
      writer_(std::move(writer)),
      audit_head_(writer_.audit_head()),
      thread_([this] { loop(); }) {}

Journal::~Journal() {
  stop();
}

void Journal::post(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && fault_.empty()) {
      commands_.push_back(std::move(command));
      wake_.notify_one();
      return;
    }
  }
  if (command.then) command.then(Error{Errc::unavailable, "the store is closed"});
}

Status Journal::run(std::function<Status(StoreWriter&)> write) {
  std::promise<Status> promise;
  post({std::move(write), [&promise](const Status& status) { promise.set_value(status); }});
  return promise.get_future().get();
}

// The journal says that it sleeps and then looks at the queue's count; a producer raises that count
// and then looks at whether the journal sleeps. All four are sequentially consistent, so one of the
// two sees the other.
void Journal::wake() {
  if (!asleep_.load()) return;
  const std::lock_guard lock(mutex_);
  wake_.notify_one();
}

void Journal::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

AuditHead Journal::audit_head() const {
  const std::lock_guard lock(mutex_);
  return audit_head_;
}

void Journal::take_commands(Batch& batch) {
  const std::size_t count = std::min(commands_.size(), kMostCommands);
  const auto end = commands_.begin() + static_cast<std::ptrdiff_t>(count);
  batch.commands.assign(std::make_move_iterator(commands_.begin()), std::make_move_iterator(end));
  commands_.erase(commands_.begin(), end);
}

// Waits for work. False: there is none and there will be none.
bool Journal::collect(Batch& batch) {
  std::unique_lock lock(mutex_);
  for (;;) {
    take_commands(batch);
    intake_.pop(batch.items, kMostItems);
    if (!batch.empty()) return true;
    asleep_.store(true);
    if (intake_.events() == 0) {
      if (stopping_) return false;
      wake_.wait_for(lock, kNap);
    }
    asleep_.store(false);
  }
}

void Journal::loop() {
  for (;;) {
    Batch batch;
    if (!collect(batch)) return;
    bool failed = false;
    {
      const std::lock_guard lock(mutex_);
      failed = !fault_.empty();
    }
    const SteadyTime start = clock_.steady();
    Status status =
        failed ? Status(Error{Errc::unavailable, "the store has failed"}) : write(batch);
    if (!status) {
      fail(batch, status.error());
      continue;
    }
    counters_.commits.fetch_add(1, std::memory_order_relaxed);
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - start);
    counters_.commit_micros.fetch_add(static_cast<std::uint64_t>(took.count()),
                                      std::memory_order_relaxed);
    announce(batch);
    if (status = writer_.checkpoint_if_long(); !status) {
      Batch nothing;
      fail(nothing, status.error());
    }
  }
}

Status Journal::write_event(const Event& event) {
  if (auto status = writer_.insert_event(event); !status) return status;
  if (auto status = writer_.audit(received(event)); !status) return status;
  if (!event.not_actionable) return Done{};
  return writer_.audit(ignored(event));
}

// Returns an error only where the whole store has failed; `outcome` is the command's own.
Status Journal::write_command(const Command& command, Status& outcome) {
  if (auto status = writer_.savepoint(); !status) return status;
  outcome = command.write(writer_);
  if (!outcome) {
    if (outcome.error().code == Errc::io) return outcome;
    if (auto status = writer_.rollback_to_savepoint(); !status) return status;
  }
  return writer_.release();
}

Status Journal::write(Batch& batch) {
  std::sort(batch.items.begin(), batch.items.end(), [](const auto& a, const auto& b) {
    return a.events.front().seq < b.events.front().seq;
  });
  if (auto status = writer_.begin(); !status) return status;
  for (const auto& item : batch.items) {
    for (const Event& event : item.events) {
      if (auto status = write_event(event); !status) return status;
    }
  }
  for (const Command& command : batch.commands) {
    if (auto status = write_command(command, batch.outcomes.emplace_back(Done{})); !status) {
      return status;
    }
  }
  return writer_.commit();
}

void Journal::announce(Batch& batch) {
  {
    const std::lock_guard lock(mutex_);
    audit_head_ = writer_.audit_head();
  }
  std::vector<Event> open;
  for (auto& item : batch.items) {
    durable_.committed(item.events.front().seq, item.events.back().seq);
    for (Event& event : item.events) {
      if (!event.not_actionable) open.push_back(std::move(event));
    }
  }
  if (!open.empty()) hooks_.on_events(open);
  hooks_.on_audit();
  for (std::size_t i = 0; i < batch.commands.size(); ++i) {
    if (batch.commands[i].then) batch.commands[i].then(batch.outcomes[i]);
  }
}

void Journal::fail(Batch& batch, const Error& error) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = fault_.empty();
    if (first) fault_ = error.message;
  }
  if (first) {
    durable_.fail(error.message);
    (void)writer_.rollback();  // the file is as it was at the last commit, whatever this says
    hooks_.on_fault(error.message);
  }
  for (const Command& command : batch.commands) {
    if (command.then) command.then(Error{Errc::unavailable, error.message});
  }
}

}  // namespace longshore
