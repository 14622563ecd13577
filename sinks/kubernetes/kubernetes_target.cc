// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/kubernetes_target.h"

#include <algorithm>
#include <charconv>

#include "sinks/kubernetes/deliver.h"
#include "sinks/kubernetes/judge.h"
#include "sinks/kubernetes/patch.h"
#include "sinks/kubernetes/pod_requests.h"

namespace longshore {
namespace {

using Phase = RolloutSight::Phase;

constexpr std::size_t kMostProblems = 100;
constexpr std::size_t kOtherConnections = 4;  // for lists, pods and Events
constexpr std::chrono::seconds kUnsyncedRetry{1};
// Before that, pods have hardly had the time to fail.
constexpr std::chrono::seconds kBeforePods{3};

std::int64_t generation_of(const Rollout& rollout) {
  std::int64_t mark = 0;
  std::from_chars(rollout.mark.data(), rollout.mark.data() + rollout.mark.size(), mark);
  return mark;
}

RolloutSight gone(const std::string& workload) {
  RolloutSight sight;
  sight.phase = Phase::replaced;
  sight.detail = "there is no '" + workload + "' any more";
  return sight;
}

bool has_repository(const Workload& workload, const Repository& repository) {
  return std::ranges::any_of(
             workload.containers,
             [&](const Container& one) { return one.image.repository() == repository; }) ||
         std::ranges::any_of(workload.left_alone, [&](const LeftAlone& one) {
           return one.container.image.repository() == repository;
         });
}

bool has_manager(const KubeObject& object) {
  return object.manager.kind != KubeManager::Kind::nobody ||
         std::any_of(object.containers.begin(), object.containers.end(),
                     [](const KubeContainer& one) { return !one.applier.empty(); });
}

}  // namespace

KubernetesTarget::KubernetesTarget(KubernetesTargetOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      client_({.connections_per_host = options_.concurrency + kOtherConnections}),
      api_(options_, client_, clock),
      index_(options_.name),
      pull_secrets_(api_, index_, rights_, clock),
      events_(api_, rights_, clock),
      nodes_(api_, rights_, clock),
      watches_(options_, api_, index_, clock, hooks()) {}

KubernetesTarget::~KubernetesTarget() {
  stop();
}

KubeWatches::Hooks KubernetesTarget::hooks() {
  return {.on_changes = [this](const KubeIndex::Changes& changes) { tell(changes); },
          .on_synced = [this] { listener_->target_synced(options_.name); },
          .on_applications = [this] { tell_instances(); }};
}

// Until the inventory is complete nobody decides, so there is nothing to tell.
void KubernetesTarget::tell(const KubeIndex::Changes& changes) {
  if (!synced()) return;
  for (const Repository& repository : changes.repositories)
    listener_->repository_changed(options_.name, repository);
  for (const std::string& id : changes.moved)
    listener_->rollout_moved(options_.name, id);
}

// Argo CD has other Applications: who manages an instance may be another.
void KubernetesTarget::tell_instances() {
  KubeIndex::Changes changes;
  for (const WorkloadPtr& workload : index_.all()) {
    const KubeObjectPtr object = index_.find(workload->id);
    if (!object || object->manager.kind != KubeManager::Kind::instance) continue;
    for (const Container& container : workload->containers)
      changes.repositories.insert(container.image.repository());
  }
  tell(changes);
}

KubeManager KubernetesTarget::manager_of(const KubeObject& object,
                                         const std::string& container) const {
  return settled(longshore::manager_of(object, container),
                 [this](const std::string& name) { return watches_.has_application(name); });
}

Status KubernetesTarget::start(TargetListener& listener) {
  const Status usable = api_.check();
  if (!usable && usable.error().code == Errc::invalid_input) {
    return Error{Errc::invalid_input, "target '" + options_.name + "': " + usable.error().message};
  }
  listener_ = &listener;
  events_.start();
  watches_.start();
  return Done{};
}

void KubernetesTarget::stop() noexcept {
  watches_.stop();
  events_.stop();
}

TargetState KubernetesTarget::state() const {
  KubeWatches::State watched = watches_.state();
  TargetState state{.synced = watched.synced,
                    .synced_at = watched.synced_at,
                    .workloads = index_.size(),
                    .problems = std::move(watched.troubles)};
  const auto add = [&state](std::vector<std::string> more) {
    std::move(more.begin(), more.end(), std::back_inserter(state.problems));
  };
  add(rights_.problems());
  add(index_.problems(kMostProblems));
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(managed_, [this](const auto& line) { return !index_.find(line.first); });
    for (const auto& [id, note] : managed_)
      state.problems.push_back(id + note);
  }
  if (state.problems.size() > kMostProblems) state.problems.resize(kMostProblems);
  return state;
}

// The workload with the containers that somebody else sets among those that are left alone. What
// there is to say of that goes into the note.
WorkloadPtr KubernetesTarget::allowed(const WorkloadPtr& workload, std::string* note) const {
  const KubeObjectPtr object = index_.find(workload->id);
  if (!object || !has_manager(*object)) return workload;
  const AdoptionTerms terms{.adopt = options_.adopt,
                            .policy_on_object = has_policy(object->annotations)};
  Workload rest = *workload;
  std::erase_if(rest.containers, [&](const Container& container) {
    const Adoption verdict = adoption(manager_of(*object, container.name), terms);
    const bool leave_alone = verdict.verdict == AdoptionVerdict::leave_alone;
    if (leave_alone) rest.left_alone.push_back({container, verdict.reason});
    if (note != nullptr && leave_alone) *note = " is left alone: " + verdict.reason;
    // Who adopts all of them knows.
    const bool warn = verdict.verdict == AdoptionVerdict::act_with_warning && !options_.adopt;
    if (note != nullptr && warn) *note = " is changed all the same: " + verdict.reason;
    return leave_alone;
  });
  return std::make_shared<const Workload>(std::move(rest));
}

void KubernetesTarget::remember_managed(const std::string& id, const std::string& note) const {
  const std::lock_guard lock(mutex_);
  if (note.empty()) {
    managed_.erase(id);
  } else if (managed_.size() < kMostProblems || managed_.contains(id)) {
    managed_[id] = note;
  }
}

std::vector<WorkloadPtr> KubernetesTarget::workloads_of(const Repository& repository) const {
  std::vector<WorkloadPtr> result;
  for (const WorkloadPtr& workload : index_.of(repository)) {
    std::string note;
    WorkloadPtr rest = allowed(workload, &note);
    remember_managed(workload->id, note);
    if (has_repository(*rest, repository)) result.push_back(std::move(rest));
  }
  return result;
}

std::vector<WorkloadPtr> KubernetesTarget::workloads() const {
  std::vector<WorkloadPtr> result;
  for (const WorkloadPtr& workload : index_.all()) {
    WorkloadPtr rest = allowed(workload, nullptr);
    if (!rest->containers.empty()) result.push_back(std::move(rest));
  }
  return result;
}

WorkloadPtr KubernetesTarget::workload(const std::string& id) const {
  const KubeObjectPtr object = index_.find(id);
  if (!object) return nullptr;
  WorkloadPtr rest =
      allowed(std::make_shared<const Workload>(workload_for(options_.name, *object)), nullptr);
  return rest->containers.empty() ? nullptr : rest;
}

// "Deployment shop/": a role may leave out a kind, and be there in one namespace and not in
// another.
std::string_view KubernetesTarget::rights_scope(std::string_view workload) const noexcept {
  return workload.substr(0, workload.find('/') + 1);
}

Delivery KubernetesTarget::deliver(const Action& action, std::stop_token stop) noexcept {
  if (!synced()) {
    return {Outcome::retry, "the inventory is not complete", kUnsyncedRetry};
  }
  KubeAttempt made = attempt(api_, index_, rights_, action, stop);
  if (made.changed) {
    made.noticed.moved.erase(action.workload);  // its rollout is about to be watched
    events_.send({.object = made.changed,
                  .reason = is_restart(action) ? "Restarted" : "ImageUpdated",
                  .message = change_in_words(action) + " (" + action.reason + ")",
                  .at = clock_.now()});
  }
  tell(made.noticed);
  return std::move(made.delivery);
}

// The object, not older than the rollout's change. Null: it is gone.
Result<KubeObjectPtr> KubernetesTarget::current(const Rollout& rollout,
                                                const std::stop_token& stop) {
  const KubeObjectPtr known = index_.find(rollout.workload);
  if (!known || known->generation >= generation_of(rollout)) return known;
  const auto answer = api_.call({.path = path_of(known->kind, known->space, known->name)}, stop);
  if (!answer) return answer.error();
  if (answer->status == 404) {
    tell(index_.remove(rollout.workload, known->version));
    return KubeObjectPtr();
  }
  if (answer->status != 200) return kube_error(*answer);
  auto live = read_kube_object(known->kind, answer->body);
  if (!live) return std::move(live).error();
  auto object = std::make_shared<const KubeObject>(*std::move(live));
  tell(index_.put(*object));
  return KubeObjectPtr(std::move(object));
}

Result<RolloutSight> KubernetesTarget::follow(const Rollout& rollout,
                                              std::stop_token stop) noexcept {
  if (!synced()) return Error{Errc::unavailable, "the inventory is not complete"};
  const auto object = current(rollout, stop);
  if (!object) return object.error();
  if (!*object) return gone(rollout.workload);
  const Time now = clock_.now();
  RolloutSight sight = judge(**object, nullptr, rollout, options_.rollout, now);
  if (sight.phase == Phase::completed || sight.phase == Phase::replaced) return sight;
  const KubeProgress& progress = (*object)->progress;
  const bool sorted = progress.observed_generation >= generation_of(rollout);
  const bool early = sight.phase != Phase::failed && now - rollout.started < kBeforePods;
  if (sorted && !early && !progress.paused) {
    return look_at_pods(*object, rollout, std::move(sight), stop);
  }
  if (sight.phase == Phase::failed) note_failure(*object, rollout, sight);
  return sight;
}

Result<RolloutSight> KubernetesTarget::look_at_pods(const KubeObjectPtr& object,
                                                    const Rollout& rollout, RolloutSight by_status,
                                                    const std::stop_token& stop) {
  const auto pods = list_pods(api_, rights_, *object, stop);
  if (!pods && pods.error().code != Errc::unauthorized) return pods.error();
  RolloutSight sight = std::move(by_status);
  if (pods) {
    sight = judge(*object, &*pods, rollout, options_.rollout, clock_.now());
    sight.detail += unblock(*object, *pods, rollout, stop);
  } else {
    sight.detail += "; judged without its pods: " + pods.error().message;
  }
  if (sight.phase == Phase::failed) note_failure(object, rollout, sight);
  return sight;
}

// Lets a StatefulSet go on that a pod holds up, and says so; empty: none does.
std::string KubernetesTarget::unblock(const KubeObject& object, const KubePods& pods,
                                      const Rollout& rollout, const std::stop_token& stop) {
  const KubePod* stuck = stuck_pod(object, pods, rollout, clock_.now());
  if (stuck == nullptr) return {};
  const Status deleted = delete_pod(api_, rights_, object, *stuck, stop);
  if (deleted) return "; deleted pod " + stuck->name + ", which held it up";
  return "; pod " + stuck->name + " holds it up and has to be deleted: " + deleted.error().message;
}

void KubernetesTarget::note_failure(const KubeObjectPtr& object, const Rollout& rollout,
                                    const RolloutSight& sight) {
  if (sight.others_fail) return;  // it is looked at again
  {
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = failed_.emplace(rollout.workload, rollout.id);
    if (!is_new && known->second == rollout.id) return;
    known->second = rollout.id;
  }
  events_.send({.object = object,
                .type = KubeNote::Type::warning,
                .reason = rollout.way_back ? "RollbackFailed" : "RolloutFailed",
                .message = sight.detail,
                .at = clock_.now()});
}

Result<std::set<std::string>> KubernetesTarget::platforms(const std::string& workload,
                                                          std::stop_token stop) noexcept {
  const KubeObjectPtr object = index_.find(workload);
  if (!object) return std::set<std::string>{};
  return nodes_.platforms(*object, stop);
}

Result<std::map<std::string, Digest>> KubernetesTarget::running(const std::string& workload,
                                                                std::stop_token stop) noexcept {
  const KubeObjectPtr object = index_.find(workload);
  if (!object) return Error{Errc::not_found, "there is no '" + workload + "'"};
  const KubeProgress& progress = object->progress;
  const bool no_pods = progress.desired == 0 && progress.current == 0;
  if (object->kind == KubeKind::cron_job || no_pods) return std::map<std::string, Digest>{};
  const auto pods = list_pods(api_, rights_, *object, stop);
  if (!pods) return pods.error();
  return running_digests(*pods);
}

std::vector<Login> KubernetesTarget::logins(const LoginQuestion& question) {
  return options_.pull_secrets ? pull_secrets_.find(question) : std::vector<Login>{};
}

}  // namespace longshore
