// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/judge.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "pipeline/text.h"

namespace longshore {
namespace {

using Phase = RolloutSight::Phase;
using std::chrono::milliseconds;

constexpr std::size_t kMostMessage = 300;  // bytes of what a node says
// The API server writes whole seconds, by its own clock.
constexpr std::chrono::seconds kClockSlack{5};
// A pod of a revision that was given up gets this long to become ready by itself.
constexpr std::chrono::seconds kStuckAfter{60};

struct Looked {
  const KubeObject& object;
  const Rollout& rollout;
  const RolloutLimits& limits;
  Time now;
};

RolloutSight sight(Phase phase, std::string detail) {
  RolloutSight result;
  result.phase = phase;
  result.detail = std::move(detail);
  return result;
}

std::string count(std::int64_t part, std::int64_t all, std::string_view words) {
  return std::to_string(part) + " of " + std::to_string(all) + " " + std::string(words);
}

bool writes(std::string_view image, const ImageRef& reference) {
  const auto written = ImageRef::parse(image);
  return written && *written == reference;
}

// Why something else than the rollout's images stands there by now; empty: it does not.
std::string replaced_by(const Looked& look) {
  for (const RolloutPart& part : look.rollout.parts) {
    const auto& all = look.object.containers;
    const auto found = std::find_if(all.begin(), all.end(), [&part](const KubeContainer& one) {
      return one.name == part.container;
    });
    if (found == all.end()) return "there is no container '" + part.container + "' any more";
    if (!writes(found->image, part.to)) return "'" + part.container + "' has " + found->image;
  }
  return {};
}

bool is_seen(const Looked& look) {
  std::int64_t mark = 0;
  std::from_chars(look.rollout.mark.data(), look.rollout.mark.data() + look.rollout.mark.size(),
                  mark);
  return look.object.progress.observed_generation >= mark;
}

// How many pods shall have the new revision.
std::int64_t wanted(const KubeObject& object) {
  const KubeProgress& progress = object.progress;
  if (object.kind != KubeKind::stateful_set) return progress.desired;
  return std::max<std::int64_t>(progress.desired - progress.partition, 0);
}

bool is_complete(const KubeObject& object) {
  const KubeProgress& progress = object.progress;
  const bool updated = progress.updated >= wanted(object);
  switch (object.kind) {
    case KubeKind::deployment:
      return updated && progress.current <= progress.updated &&
             progress.available >= progress.updated;
    case KubeKind::stateful_set:
      return updated && progress.ready >= progress.desired &&
             progress.available >= progress.desired &&
             (progress.partition > 0 || progress.current_revision == progress.update_revision);
    case KubeKind::daemon_set:
      return updated && progress.available >= progress.desired;
    case KubeKind::cron_job:
      break;
  }
  return true;
}

// What is complete without anything that rolls; empty: that does not.
std::string complete_at_once(const KubeObject& object) {
  if (object.kind == KubeKind::cron_job) {
    return object.progress.suspended ? "it is suspended; its next job has the new image"
                                     : "its next job has the new image";
  }
  if (!object.progress.on_delete) return {};
  return "updateStrategy is OnDelete: its pods get the new image when somebody deletes them";
}

std::string completed_words(const KubeObject& object) {
  const KubeProgress& progress = object.progress;
  if (progress.desired == 0) return "no pod is wanted";
  if (progress.partition == 0 || object.kind != KubeKind::stateful_set) {
    return "all " + std::to_string(progress.desired) + " pods run the new revision";
  }
  return count(wanted(object), progress.desired, "pods run the new revision; partition ") +
         std::to_string(progress.partition) + " keeps the others";
}

std::string progress_words(const Looked& look) {
  const KubeProgress& progress = look.object.progress;
  if (progress.paused) return "paused by somebody; 'kubectl rollout resume' lets it go on";
  if (!is_seen(look)) return "its controller has not seen the change yet";
  if (progress.updated < wanted(look.object)) {
    return count(progress.updated, wanted(look.object), "pods run the new revision");
  }
  if (look.object.kind == KubeKind::deployment && progress.current > progress.updated) {
    return "waiting for " + std::to_string(progress.current - progress.updated) +
           " old pods to end";
  }
  return count(progress.available, progress.desired, "pods are available");
}

bool cannot_pull(const KubePodContainer& container) {
  static const std::set<std::string_view> reasons{"ErrImagePull", "ImagePullBackOff",
                                                  "ImageInspectError", "ErrImageNeverPull",
                                                  "RegistryUnavailable"};
  return reasons.contains(container.waiting);
}

bool crashes(const KubePodContainer& container) {
  return container.waiting == "CrashLoopBackOff" ||
         (container.restarts > 0 && !container.ended.empty());
}

// "web-6d5f-abcde: ImagePullBackOff: Back-off pulling image …"; empty: nothing is wrong with it.
std::string trouble_of(const KubePod& pod) {
  const std::string begin = pod.name + ": ";
  for (const KubePodContainer& container : pod.containers) {
    if (container.waiting.empty() && (pod.ready || !crashes(container))) continue;
    if (container.waiting == "ContainerCreating" || container.waiting == "PodInitializing") {
      continue;
    }
    std::string words = begin;
    if (pod.containers.size() > 1) words += "'" + container.name + "' ";
    words += container.waiting.empty() ? "ended" : container.waiting;
    if (container.restarts > 0) {
      words += ", " + std::to_string(container.restarts) + " restarts";
    }
    if (!container.ended.empty()) words += ", " + container.ended;
    if (container.message.empty()) return words;
    return words + ": " + cut_text(container.message, kMostMessage);
  }
  return pod.unscheduled.empty() ? std::string() : begin + "no node takes it: " + pod.unscheduled;
}

// The same, and for one that runs and is not ready.
std::string state_of(const KubePod& pod) {
  const std::string trouble = trouble_of(pod);
  if (!trouble.empty() || pod.ready || pod.containers.empty()) return trouble;
  const bool runs = std::all_of(pod.containers.begin(), pod.containers.end(),
                                [](const KubePodContainer& container) {
                                  return container.waiting.empty() && !container.image_id.empty();
                                });
  return runs ? pod.name + ": runs and is not ready" : std::string();
}

// Whether one container says that its image is not what it should be.
bool has_failed(const Looked& look, const KubePod& pod, const KubePodContainer& container) {
  if (container.waiting == "InvalidImageName") return true;
  const Time since = std::max(pod.started, look.rollout.started);
  if (cannot_pull(container)) return look.now - since >= look.limits.pull_errors;
  if (!crashes(container)) return false;
  // One that was there before, as on a way back, may have restarted long ago.
  const bool is_new = pod.created + kClockSlack >= look.rollout.started;
  if (!is_new && pod.ready) return false;
  return container.restarts >= static_cast<std::int64_t>(look.limits.restarts);
}

const KubePod* failed_pod(const Looked& look, const KubePods& pods) {
  for (const KubePod& pod : pods.current) {
    if (pod.deleting || pod.ended) continue;
    for (const KubePodContainer& container : pod.containers) {
      if (has_failed(look, pod, container)) return &pod;
    }
  }
  return nullptr;
}

// "db-2" is the third of its StatefulSet.
std::int64_t ordinal_of(const KubePod& pod) {
  std::int64_t ordinal = 0;
  const char* const begin = pod.name.data() + pod.name.rfind('-') + 1;
  std::from_chars(begin, pod.name.data() + pod.name.size(), ordinal);
  return ordinal;
}

// Whether a pod runs what the rollout would go back to, as far as that is known.
bool runs_before(const KubePod& pod, const Rollout& rollout) {
  for (const RolloutPart& part : rollout.parts) {
    for (const KubePodContainer& container : pod.containers) {
      if (container.name != part.container || !part.back) continue;
      if (!writes(container.image, *part.back)) return false;
      const auto digest = digest_of_image_id(container.image_id);
      if (digest && part.back_digest && *digest != *part.back_digest) return false;
    }
  }
  return true;
}

bool others_fail(const KubePods* pods, const Rollout& rollout) {
  // What a way back leads away from has failed before.
  if (pods == nullptr || rollout.way_back) return false;
  return std::any_of(pods->old.begin(), pods->old.end(), [&rollout](const KubePod& pod) {
    return !pod.deleting && !pod.ended && !pod.ready && runs_before(pod, rollout);
  });
}

// Whether the cluster gives this rollout up. What it says of the one before stays where a change
// makes no new ReplicaSet, as a way back does, until there is progress.
bool is_given_up(const Looked& look, const KubePods* pods) {
  const std::string& exceeded = look.object.progress.deadline_exceeded;
  if (exceeded.empty() || !is_seen(look)) return false;
  if (pods == nullptr) return !look.rollout.way_back;
  return exceeded.find('"' + pods->replica_set + '"') != std::string::npos;
}

// Why the rollout has failed, by its pods, the cluster's word or the time; empty: it has not.
std::string failure_of(const Looked& look, const KubePods* pods, const std::string& progress) {
  if (pods != nullptr) {
    const KubePod* failed = failed_pod(look, *pods);
    if (failed != nullptr) return trouble_of(*failed);
  }
  if (is_given_up(look, pods)) {
    const std::string& exceeded = look.object.progress.deadline_exceeded;
    return "ProgressDeadlineExceeded: " + cut_text(exceeded, kMostMessage) + "; " + progress;
  }
  const auto deadline = look.limits.deadline;
  if (deadline.count() > 0 && look.now - look.rollout.started >= deadline) {
    return "not complete after " + std::to_string(deadline.count()) + " s; " + progress;
  }
  return {};
}

milliseconds again_after(const Looked& look) {
  const auto age = std::chrono::duration_cast<milliseconds>(look.now - look.rollout.started);
  return std::clamp<milliseconds>(age / 10, milliseconds{1'000}, milliseconds{5'000});
}

std::string words_with_pods(const Looked& look, const KubePods* pods) {
  std::string words = progress_words(look);
  if (pods == nullptr) return words;
  for (const KubePod& pod : pods->current) {
    if (pod.deleting || pod.ended) continue;
    const std::string state = state_of(pod);
    if (!state.empty()) return words + "; " + state;
  }
  return words;
}

}  // namespace

RolloutSight judge(const KubeObject& object, const KubePods* pods, const Rollout& rollout,
                   const RolloutLimits& limits, Time now) {
  const Looked look{object, rollout, limits, now};
  std::string other = replaced_by(look);
  if (!other.empty()) return sight(Phase::replaced, std::move(other));
  std::string at_once = complete_at_once(object);
  if (!at_once.empty()) return sight(Phase::completed, std::move(at_once));
  if (is_seen(look) && is_complete(object)) {
    return sight(Phase::completed, completed_words(object));
  }
  std::string words = words_with_pods(look, pods);
  RolloutSight result = sight(Phase::progressing, words);
  result.again = again_after(look);
  if (object.progress.paused) return result;
  std::string failure = failure_of(look, pods, words);
  if (failure.empty()) return result;
  result = sight(Phase::failed, std::move(failure));
  result.others_fail = others_fail(pods, rollout);
  result.again = again_after(look);
  return result;
}

const KubePod* stuck_pod(const KubeObject& object, const KubePods& pods, const Rollout& rollout,
                         Time now) {
  const KubeProgress& progress = object.progress;
  if (object.kind != KubeKind::stateful_set || !progress.ordered || progress.on_delete) {
    return nullptr;
  }
  for (const KubePod& pod : pods.old) {
    if (pod.deleting || pod.ready || ordinal_of(pod) < progress.partition) continue;
    if (rollout.way_back) return &pod;
    const bool fails = !trouble_of(pod).empty() || now - pod.started >= kStuckAfter;
    if (fails && !runs_before(pod, rollout)) return &pod;
  }
  return nullptr;
}

}  // namespace longshore
