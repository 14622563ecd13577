// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/digest.h"
#include "pipeline/time.h"
#include "sinks/kubernetes/object.h"

namespace longshore {

// One container of a pod: what its template says and what its node tells of it.
struct KubePodContainer {
  std::string name;
  std::string image;  // as the pod's spec has it
  bool init = false;
  std::string waiting;  // "ImagePullBackOff"; empty: it does not wait
  std::string message;  // why it waits or has ended, in the node's words
  std::int64_t restarts = 0;
  std::string ended;     // how its last run ended: "Error, exit code 1"; empty: it never has
  std::string image_id;  // empty: it has not been started
};

struct KubePod {
  std::string name;
  std::string uid;
  std::string owner;     // the uid of its controller
  std::string revision;  // label controller-revision-hash: of StatefulSets and DaemonSets
  Time created{};
  Time started{};         // when its node took it; when it was created, until then
  bool deleting = false;  // somebody has deleted it, it ends
  bool ended = false;     // for good: phase Succeeded or Failed (evicted)
  bool ready = false;
  std::string unscheduled;  // why no node takes it, in the scheduler's words
  std::vector<KubePodContainer> containers;
};

// One page of a list.
template <class T>
struct KubePage {
  std::vector<T> items;
  std::string next;  // what `continue` has to say for the next one; empty: this is the last
};

// invalid_input: it is no list of that kind.
Result<KubePage<KubePod>> read_pods(std::string_view json);

// What stands between a workload and its pods: a ReplicaSet or a ControllerRevision.
struct KubeRevision {
  std::string uid;
  std::string owner;        // the uid of its controller
  std::string hash;         // label controller-revision-hash, of a DaemonSet's
  std::int64_t number = 0;  // the higher the newer: a template that comes back gets a new one
};
Result<KubePage<KubeRevision>> read_replica_sets(std::string_view json);
Result<KubePage<KubeRevision>> read_controller_revisions(std::string_view json);

// The pods of one workload, by revision.
struct KubePods {
  std::vector<KubePod> current;  // of its template as it is now
  std::vector<KubePod> old;
};

// Which pods are the object's own: labels alone would also take those of others. `revisions` are
// the ReplicaSets of a Deployment and the ControllerRevisions of a DaemonSet, of whomever; a
// StatefulSet's status says its own. REQUIRES: its controller has seen the template (mark).
KubePods sort_pods(const KubeObject& object, const std::vector<KubeRevision>& revisions,
                   std::vector<KubePod> pods);

// The digest in an imageID ("docker.io/library/nginx@sha256:…"). Nothing for an engine's own id of
// an image ("sha256:…"), which no registry knows.
std::optional<Digest> digest_of_image_id(std::string_view image_id);

// By container, the digest that all pods run that have started it and do not end.
std::map<std::string, Digest> running_digests(const KubePods& pods);

}  // namespace longshore
