// SPDX-License-Identifier: Apache-2.0
#include "pipeline/engine.h"

#include <algorithm>

#include "pipeline/log.h"

namespace longshore {
namespace {

constexpr std::chrono::milliseconds kTick{1'000};
constexpr int kTicksBetweenPrunes = 60;
constexpr int kPruneAtOnce = 5'000;
constexpr std::chrono::minutes kJump{5};
// A target that tells of a thousand workloads one by one, as after a push to them all, has them
// decided a few times and not a thousand.
constexpr std::chrono::milliseconds kGather{50};

// GitHub names one tag of a push that has several.
bool leaves_tags_out(const Event& event) {
  return event.source_type == "github";
}

std::set<std::string> observed_names(const PipelineOptions& options,
                                     const std::vector<std::shared_ptr<Target>>& targets) {
  std::set<std::string> observed(options.observed_targets.begin(), options.observed_targets.end());
  if (options.observe) {
    for (const auto& target : targets)
      observed.insert(target->name());
  }
  return observed;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(PipelineOptions options, Resolver* resolver,
                                             const Clock& clock,
                                             std::function<void(const std::string&)> on_fault) {
  auto store = open_store(options.store);
  if (!store) return std::move(store).error();
  auto audit = AuditFile::open(options.audit);
  if (!audit) return std::move(audit).error();
  auto reader = StoreReader::open(options.store.path, options.store.vfs);
  if (!reader) return std::move(reader).error();
  auto newest = reader->newest_seq();
  if (!newest) return std::move(newest).error();
  std::unique_ptr<Engine> engine(new Engine(std::move(options), *std::move(store),
                                            *std::move(reader), resolver, clock,
                                            std::move(on_fault), *newest));
  if (auto status = engine->make_sweeper(resolver); !status) return std::move(status).error();
  if (auto status = engine->take_up(*std::move(audit)); !status) return std::move(status).error();
  return engine;
}

Engine::Engine(PipelineOptions options, Store store, StoreReader reader, Resolver* resolver,
               const Clock& clock, std::function<void(const std::string&)> on_fault, Seq newest)
    : options_(std::move(options)),
      clock_(clock),
      started_(clock.now()),
      lock_(std::move(store.lock)),
      queue_(options_.intake_events, options_.intake_bytes),
      durable_(newest),
      window_(options_.dedupe_keys, options_.dedupe_window),
      next_seq_(newest + 1),
      reader_(std::move(reader)),
      lookups_(resolver, lookup_hooks()),
      known_(setup_, clock),
      journal_(std::move(store.writer), queue_, durable_, clock,
               journal_hooks(std::move(on_fault))),
      context_{lanes_, journal_, setup_, known_, bad_policies_, people_, clock, lookups_},
      rollouts_(rollout_context(resolver)),
      refusals_(clock, [this](AuditEntry line) { audit(std::move(line)); }) {}

Journal::Hooks Engine::journal_hooks(std::function<void(const std::string&)> on_fault) {
  return {.on_events =
              [this](std::span<const Event> events) {
                lanes_.add(events);
                for (const Event& event : events) {
                  if (leaves_tags_out(event)) sweeper_->soon(event.repository);
                }
              },
          .on_audit =
              [this] {
                if (AuditWriter* writer = audit_waker_.load()) writer->wake();
              },
          .on_fault =
              [this, on_fault = std::move(on_fault)](const std::string& why) {
                {
                  const std::lock_guard lock(fault_mutex_);
                  fault_ = why;
                }
                log(LogLevel::error, "store", "nothing is accepted any more: " + why);
                on_fault(why);
              }};
}

Lookups::Hooks Engine::lookup_hooks() {
  return {.on_news = [this](const Repository& repository) { lanes_.kick(repository); },
          .on_failure =
              [this](const Repository& repository, const Tag& tag, const Error& error) {
                AuditEntry line;
                line.time = clock_.now();
                line.step = "registry";
                line.image = repository.str() + ":" + tag.str();
                line.error = error.message;
                audit(std::move(line));
              }};
}

Status Engine::make_sweeper(Resolver* resolver) {
  auto reader = StoreReader::open(options_.store.path, options_.store.vfs);
  if (!reader) return std::move(reader).error();
  sweeper_ = std::make_unique<Sweeper>(
      SweepContext{.resolver = resolver,
                   .setup = setup_,
                   .intake = *this,
                   .journal = journal_,
                   .people = people_,
                   .clock = clock_,
                   .audit = [this](AuditEntry line) { audit(std::move(line)); }},
      *std::move(reader));
  return Done{};
}

Engine::~Engine() {
  stop();
}

// What the last run left: deliveries to recognise, events to decide, actions to send.
Status Engine::take_up(AuditFile audit) {
  const Time since = clock_.now() - options_.dedupe_window;
  auto seen = reader_.deliveries(since, options_.dedupe_keys);
  if (!seen) return std::move(seen).error();
  for (const SeenDelivery& delivery : *seen) {
    if (window_.find(delivery.key)) continue;
    const auto age = std::max(clock_.now() - delivery.received_at, std::chrono::microseconds{0});
    window_.add(delivery.key, {delivery.seq, delivery.event}, clock_.steady() - age);
  }
  auto open = reader_.open_events();
  if (!open) return std::move(open).error();
  for (const auto& [seq, repository] : *open)
    lanes_.add(repository, seq);
  context_.backlog = open->size();
  auto status = journal_.run([](StoreWriter& writer) { return writer.requeue_in_flight(); });
  if (!status) return status;
  if (status = take_up_people(); !status) return status;

  auto reader = StoreReader::open(options_.store.path, options_.store.vfs);
  if (!reader) return std::move(reader).error();
  auto writer = AuditWriter::start(std::move(audit), *std::move(reader), journal_);
  if (!writer) return std::move(writer).error();
  audit_writer_ = *std::move(writer);
  audit_waker_ = audit_writer_.get();
  return Done{};
}

Status Engine::take_up_people() {
  if (auto status = people_.load(reader_.people()); !status) return status;
  auto reader = StoreReader::open(options_.store.path, options_.store.vfs);
  if (!reader) return std::move(reader).error();
  said_ = std::make_unique<EnginePeople>(
      context_, *std::move(reader),
      [this](std::vector<Event> events) { return accept(std::move(events)); });
  return Done{};
}

// Gives the open actions in the store to their outboxes; those of unknown targets are parked.
Status Engine::hand_out_actions(const Setup& setup) {
  Result<std::vector<Action>> open = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.open_actions();
  }();
  if (!open) return std::move(open).error();
  std::set<std::string> unknown;
  for (Action& action : *open) {
    if (const auto outbox = setup.outbox_of(action.target)) {
      outbox->add(std::move(action));
    } else {
      unknown.insert(action.target);
    }
  }
  return journal_.run([&](StoreWriter& writer) -> Status {
    for (const std::string& target : unknown) {
      auto status =
          writer.park_target(target, "", "target " + target + " is not in the configuration");
      if (!status) return status;
    }
    return Done{};
  });
}

Status Engine::start(const std::vector<std::shared_ptr<Target>>& targets) {
  running_ = true;
  AuditEntry line;
  line.time = clock_.now();
  line.step = "started";
  line.reason = "longshore " LONGSHORE_VERSION;
  audit(std::move(line));
  auto status = reconfigure(options_, targets);
  if (!status) return status;
  for (unsigned i = 0; i < options_.lane_workers; ++i) {
    auto reader = StoreReader::open(options_.store.path, options_.store.vfs);
    if (!reader) return std::move(reader).error();
    threads_.emplace_back([worker = std::make_shared<LaneWorker>(context_, *std::move(reader))](
                              std::stop_token stop) { worker->run(stop); });
  }
  threads_.emplace_back([this](std::stop_token stop) { keep_house(stop); });
  return Done{};
}

Status Engine::reconfigure(const PipelineOptions& next,
                           const std::vector<std::shared_ptr<Target>>& targets) {
  const std::lock_guard lock(reconfigure_mutex_);
  const SetupPtr before = setup_.get();
  auto setup = std::make_shared<Setup>();
  setup->rules = next.policies;
  setup->sweep = next.sweep;
  setup->observed = observed_names(next, targets);
  Setup added;
  for (const auto& target : targets) {
    const auto known = before->outbox_of(target->name());
    if (known && known->shared_target() == target) {
      setup->outboxes.push_back(known);
      continue;
    }
    if (auto status = target->start(*this); !status) {
      for (const auto& outbox : added.outboxes)
        outbox->shared_target()->stop();
      return status;
    }
    added.outboxes.push_back(make_outbox(target));
    setup->outboxes.push_back(added.outboxes.back());
  }
  setup_.set(setup);
  for (const auto& outbox : before->outboxes) {
    if (std::ranges::find(setup->outboxes, outbox) != setup->outboxes.end()) continue;
    outbox->stop();
    outbox->shared_target()->stop();
  }
  // Outboxes that go on have their actions; the new ones get theirs from the store.
  auto status = hand_out_rollouts(added);
  if (status) status = hand_out_actions(added);
  kick_all();
  return status;
}

void Engine::kick_all() {
  known_.outdated();
  sweeper_->all_outdated();
  const SetupPtr setup = setup_.get();
  for (const auto& outbox : setup->outboxes) {
    if (outbox->target().synced()) target_synced(outbox->target().name());
  }
}

void Engine::repository_changed(const std::string&, const Repository& repository) {
  known_.outdated();
  sweeper_->outdated(repository);
  lanes_.wake_at(repository, clock_.steady() + kGather);
}

void Engine::target_synced(const std::string& name) {
  known_.outdated();
  sweeper_->all_outdated();
  const auto outbox = setup_.get()->outbox_of(name);
  if (!outbox) return;  // kicked as soon as the setup that it belongs to is the current one
  outbox->target_synced();
  journal_.post({[name](StoreWriter& writer) { return writer.remove_waits(name); }, {}});
  std::set<Repository> repositories;
  for (const WorkloadPtr& workload : outbox->target().workloads()) {
    for (const Container& container : workload->containers) {
      repositories.insert(container.image.repository());
    }
  }
  for (const Repository& repository : repositories)
    lanes_.kick(repository);
  registries_changed();  // it may know logins (image pull secrets)
}

void Engine::registries_changed() {
  lookups_.retry_all();
  sweeper_->retry_failed();
}

void Engine::audit(AuditEntry entry) {
  journal_.post(
      {[entry = std::move(entry)](StoreWriter& writer) { return writer.audit(entry); }, {}});
}

void Engine::keep_house(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any tick;
  for (int ticks = 1; !stop.stop_requested(); ++ticks) {
    std::unique_lock lock(mutex);
    tick.wait_for(lock, stop, kTick, [] { return false; });
    refusals_.flush(Refusals::Which::due);
    watch_clock();
    sweeper_->tick();
    if (ticks % kTicksBetweenPrunes == 0) prune();
  }
}

// A wall clock that jumped makes every age wrong: nothing is removed for its age from then on.
void Engine::watch_clock() {
  const auto jump = clock_watch_.look();
  if (std::chrono::abs(jump) < kJump) return;
  clock_jumped_ = true;
  AuditEntry line;
  line.time = clock_.now();
  line.step = "clock";
  line.reason = "the wall clock jumped by " +
                std::to_string(std::chrono::duration_cast<std::chrono::seconds>(jump).count()) +
                " s: nothing is removed for its age until the next start";
  audit(std::move(line));
}

void Engine::prune() {
  const Time before = clock_jumped_ ? Time{} : clock_.now() - options_.store.keep;
  int removed = 0;
  do {
    const Status status = journal_.run([&](StoreWriter& writer) -> Status {
      auto events = writer.prune_events(before, options_.store.keep_events, kPruneAtOnce);
      if (!events) return std::move(events).error();
      auto actions = writer.prune_actions(before, kPruneAtOnce);
      if (!actions) return std::move(actions).error();
      auto rollouts = writer.rollouts().prune(before, kPruneAtOnce);
      if (!rollouts) return std::move(rollouts).error();
      removed = std::max({*events, *actions, *rollouts});
      return Done{};
    });
    if (!status) return;
  } while (removed == kPruneAtOnce);
}

void Engine::drain(std::chrono::milliseconds at_most) {
  const SteadyTime until = clock_.steady() + at_most;
  const auto idle = [this] {
    if (context_.backlog > 0 || lanes_.size() > 0) return false;
    const auto setup = setup_.get();
    return std::ranges::all_of(setup->outboxes,
                               [](const auto& outbox) { return outbox->waiting() == 0; });
  };
  while (!idle() && clock_.steady() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void Engine::stop() {
  lookups_.stop();
  if (sweeper_) sweeper_->stop();  // none if open() failed
  const SetupPtr setup = setup_.get();
  for (const auto& outbox : setup->outboxes)
    outbox->stop();
  for (const auto& outbox : setup->outboxes)
    outbox->shared_target()->stop();
  for (auto& thread : threads_)
    thread.request_stop();
  lanes_.close();
  threads_.clear();
  if (running_.exchange(false)) {
    refusals_.flush(Refusals::Which::everything);
    AuditEntry line;
    line.time = clock_.now();
    line.step = "stopped";
    audit(std::move(line));
  }
  journal_.stop();
  if (audit_writer_) audit_writer_->stop();
}

}  // namespace longshore
