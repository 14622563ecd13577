// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/action.h"
#include "sinks/kubernetes/object.h"

namespace longshore {

// What one action means to one object; no I/O.
//
// An action changes images, or, where every `from` is its `to`, restarts: the tag is the same and
// names another image by now. A restart is an annotation of the pod template, which makes new pods
// as a new image does, with the action's id, so that a repeat is recognised. A CronJob has nothing
// to restart: each job has new pods.
//
// What we say about ourselves on an object is not under longshore.dev/, where people say what we
// shall do and a key that is not known is an error, but under status.longshore.dev/:
//
//   last-action  the action's id          last-event   the id of the event that decided it
//   last-change  "web: app:1.0 -> app:1.1"             last-reason  why
//   restarted-by, restarted-at            on the pod template
//
// and, for `kubectl rollout history`, kubernetes.io/change-cause.
inline constexpr std::string_view kStatusPrefix = "status.longshore.dev/";
inline constexpr std::string_view kRestartedBy = "status.longshore.dev/restarted-by";
inline constexpr std::string_view kRestartedAt = "status.longshore.dev/restarted-at";

bool is_restart(const Action& action);

enum class Standing {
  due,   // every container is as the action was decided upon
  done,  // the effect is in place
};
// conflict: a container is gone, or is neither, or some are done and others are not.
Result<Standing> standing_of(const KubeObject& object, const Action& action);

// The JSON patch (RFC 6902) that makes the change, and whatever else anybody changes at the same
// time stays: it tests each container's name and image, as they are written, and replaces no more
// than the image and our annotations. Where the object has no annotations, it tests just that,
// with `null` for what is not there: the API server takes it so (the RFC leaves it open), and a
// test of metadata.resourceVersion would fail with each change of its status.
// REQUIRES: the action's standing is due.
std::string json_patch(const KubeObject& object, const Action& action);

// "web: app:1.0 -> app:1.1, init: app:1.0 -> app:1.1", or "restart: web: app:latest".
std::string change_in_words(const Action& action);

}  // namespace longshore
