// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/durable_seq.h"
#include "pipeline/intake_queue.h"
#include "pipeline/store_writer.h"

namespace longshore {

// The one thread that writes the store. It commits in groups: whatever came in while the last
// commit was on its way to the disk is the next commit, so that one sync serves many. Nothing is
// waited for when there is nothing to do, and nothing is delayed to make a group larger.
//
// Everyone else who has to write sends a command. Each runs in a savepoint of its own, so that one
// that fails never undoes an accepted event of the same commit.
//
// A failure to write or to sync (Errc::io) is the end: what the disk holds is no longer known.
// Nothing is acknowledged from then on, on_fault() is called once, and every command gets
// unavailable. The process has to end and start again from what is there.
class Journal {
 public:
  struct Hooks {
    // The open events of a commit, after it is durable.
    std::function<void(std::span<const Event>)> on_events;
    // There are new audit lines.
    std::function<void()> on_audit;
    std::function<void(const std::string& why)> on_fault;
  };
  struct Command {
    std::function<Status(StoreWriter&)> write;
    // Called on the journal's thread after the commit, or with what went wrong. May be empty.
    std::function<void(const Status&)> then;
  };
  struct Counters {
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> commit_micros{0};  // all commits together
  };

  // Starts the thread. The queue and durable outlive it.
  Journal(StoreWriter writer, ProducerFifoQueue& intake, DurableSeq& durable, const Clock& clock,
          Hooks hooks);
  ~Journal();  // stop()

  // Threads: safe from every thread.
  void post(Command command);
  // Waits for the commit. Never from the journal's own thread.
  Status run(std::function<Status(StoreWriter&)> write);
  // There is something in the intake queue.
  void wake();
  // Commits what is there and ends the thread; commands that come later get unavailable.
  void stop();

  AuditHead audit_head() const;
  const Counters& counters() const noexcept { return counters_; }

 private:
  struct Batch {
    std::vector<ProducerFifoQueue::Item> items;
    std::vector<Command> commands;
    std::vector<Status> outcomes;  // one for each command
    bool empty() const { return items.empty() && commands.empty(); }
  };

  void loop();
  void take_commands(Batch& batch);  // with mutex_ held
  bool collect(Batch& batch);
  Status write(Batch& batch);
  Status write_event(const Event& event);
  Status write_command(const Command& command, Status& outcome);
  void announce(Batch& batch);
  void fail(Batch& batch, const Error& error);

  // Constant after construction
  ProducerFifoQueue& intake_;
  DurableSeq& durable_;
  const Clock& clock_;
  const Hooks hooks_;

  // Journal thread only
  StoreWriter writer_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Command> commands_;  // guarded by mutex_
  bool stopping_ = false;          // guarded by mutex_
  std::string fault_;              // guarded by mutex_
  AuditHead audit_head_;           // guarded by mutex_

  std::atomic<bool> asleep_{false};
  Counters counters_;
  std::thread thread_;
};

}  // namespace longshore
