// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/audit_writer.h"
#include "pipeline/clock_watch.h"
#include "pipeline/control.h"
#include "pipeline/dedupe_window.h"
#include "pipeline/engine_people.h"
#include "pipeline/intake.h"
#include "pipeline/lane_worker.h"
#include "pipeline/lookups.h"
#include "pipeline/refusals.h"
#include "pipeline/rollout_watch.h"
#include "pipeline/store.h"
#include "pipeline/sweeper.h"

namespace longshore {

// The pipeline as a whole: takes what the receiver admits and sees it through to the targets, as
// docs/architecture.md draws it. The journal thread alone writes the store. Stop order: registries,
// outboxes with their watches, targets, lane workers, housekeeping, journal, audit writer.
//
// Lifetime: targets and resolver are cli/service.cc's, which stops the receiver before the engine.
class Engine final : public Intake, public Control, private TargetListener {
 public:
  // Opens the store; nothing runs yet. Errors as open_store() and AuditFile::open().
  static Result<std::unique_ptr<Engine>> open(PipelineOptions options, Resolver* resolver,
                                              const Clock& clock,
                                              std::function<void(const std::string&)> on_fault);
  ~Engine() override;  // stop()

  // Starts on these targets. Fails if one of them cannot start; then nothing runs.
  Status start(const std::vector<std::shared_ptr<Target>>& targets);

  // Takes other targets, policies and what is only observed. A target that is given again (the same
  // object) goes on, the actions of one that is gone are parked, and everything is decided again.
  // Fails, and nothing has changed, if a new target cannot start.
  Status reconfigure(const PipelineOptions& next,
                     const std::vector<std::shared_ptr<Target>>& targets);

  void registries_changed();  // they may answer otherwise now: what failed is asked at once

  // A step that is no event's: a reload, for example. Written soon; not waited for.
  void audit(AuditEntry entry);

  // Waits until what is accepted is decided and what is decided is sent, at most this long.
  void drain(std::chrono::milliseconds at_most);
  void stop();  // all threads; what is unfinished is in the store

  // Intake
  Result<Accepted> accept(std::vector<Event> events) override;
  Status durable(Seq seq) const override;
  void watch(DurableWatcher& watcher) override;
  void unwatch(DurableWatcher& watcher) override;
  Ulid refused(const std::string& source, const std::string& reason,
               const std::string& address) override;
  void noise(const std::string& source, Noise kind) override;

  // Control
  StatusReport status() const override;
  std::vector<Metric> metrics() const override;
  Result<std::vector<Action>> actions(std::optional<ActionState> state,
                                      std::size_t limit) const override;
  Status retry_action(const ActionId& id, const std::string& actor) override;
  Result<std::vector<HistoryEntry>> history(const Repository& repository,
                                            std::size_t limit) const override;
  AuditHead audit_head() const override;
  PeopleControl& people() override { return *said_; }

 private:
  struct Counters {
    std::atomic<std::uint64_t> accepted{0}, duplicates{0}, refused{0}, full{0};
    std::atomic<std::uint64_t> noise[4]{};  // by Noise
  };

  Engine(PipelineOptions options, Store store, StoreReader reader, Resolver* resolver,
         const Clock& clock, std::function<void(const std::string&)> on_fault, Seq newest);
  Journal::Hooks journal_hooks(std::function<void(const std::string&)> on_fault);
  Lookups::Hooks lookup_hooks();
  Status make_sweeper(Resolver* resolver);

  void repository_changed(const std::string& target, const Repository& repository) override;
  void target_synced(const std::string& name) override;
  void rollout_moved(const std::string& target, const std::string& workload) override;

  Status take_up(AuditFile audit);
  Status take_up_people();
  std::shared_ptr<Outbox> make_outbox(std::shared_ptr<Target> target);
  RolloutContext rollout_context(Resolver* resolver);
  Status hand_out_actions(const Setup& setup);
  Status hand_out_rollouts(const Setup& setup);
  void read_troubles(StatusReport& report) const;
  void add_rollouts(StatusReport& report) const;  // with reader_mutex_ held
  void kick_all();
  void keep_house(std::stop_token stop);
  void watch_clock();
  void prune();

  // Constant after construction
  const PipelineOptions options_;
  const Clock& clock_;
  const Time started_;

  StoreLock lock_;
  ProducerFifoQueue queue_;
  DurableSeq durable_;

  std::mutex accept_mutex_;
  DedupeWindow window_;  // guarded by accept_mutex_
  Seq next_seq_;         // guarded by accept_mutex_

  Counters counters_;
  mutable std::mutex fault_mutex_;
  std::string fault_;  // guarded by fault_mutex_
  std::atomic<bool> running_{false};

  mutable std::mutex reader_mutex_;
  mutable StoreReader reader_;  // guarded by reader_mutex_

  Lanes lanes_;
  Lookups lookups_;
  CurrentSetup setup_;
  std::mutex reconfigure_mutex_;
  KnownRepositories known_;
  BadPolicies bad_policies_;
  People people_;
  Journal journal_;
  LaneContext context_;
  const RolloutContext rollouts_;
  std::unique_ptr<EnginePeople> said_;
  Refusals refusals_;
  std::unique_ptr<Sweeper> sweeper_;
  std::unique_ptr<AuditWriter> audit_writer_;
  std::atomic<AuditWriter*> audit_waker_{nullptr};  // the same, once it can be woken

  ClockWatch clock_watch_{clock_};  // this and the next: housekeeping thread only
  bool clock_jumped_ = false;

  std::vector<std::jthread> threads_;
};

}  // namespace longshore
