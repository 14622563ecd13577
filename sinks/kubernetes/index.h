// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sinks/kubernetes/object.h"

namespace longshore {

// The workloads of a cluster, by id and by repository, as its watches and our own changes tell.
//
// Of two states of one object the one with the higher resourceVersion counts, whoever brings it: an
// answer to a PATCH of ours is there before the watch tells of it, and is not undone by a list that
// was begun before. Numbers are compared, which Kubernetes allows for one kind of object.
//
// Threads: every function is safe from every thread; no I/O is done under its lock.
class KubeIndex {
 public:
  explicit KubeIndex(std::string target) : target_(std::move(target)) {}

  // What has changed for the pipeline: repositories whose workloads came, went, or have another
  // image or annotation, and workloads whose rollout may have moved.
  struct Changes {
    std::set<Repository> repositories;
    std::set<std::string> moved;  // ids
  };

  // A state of one object.
  Changes put(KubeObject object);
  // It is gone, as of that version: a later state of it stays.
  Changes remove(const std::string& id, std::uint64_t version);
  // All there is of one kind in one namespace ("": in all), as of that version. What is not among
  // these goes, unless a later state of it is known.
  Changes replace(KubeKind kind, const std::string& space, std::vector<KubeObject> objects,
                  std::uint64_t version);
  // Forgets what is known of that kind and namespace: versions begin anew (a restored etcd).
  void forget(KubeKind kind, const std::string& space);

  KubeObjectPtr find(const std::string& id) const;  // null: none
  std::vector<WorkloadPtr> of(const Repository& repository) const;
  std::vector<WorkloadPtr> all() const;
  std::size_t size() const;
  // Workloads that are left alone, and why: images that cannot be read; at most `limit`.
  std::vector<std::string> problems(std::size_t limit) const;

 private:
  struct Entry;
  const std::string target_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Entry>> entries_;  // guarded by mutex_
  std::unordered_map<Repository, std::set<std::string>> by_repository_;    // guarded by mutex_
};

}  // namespace longshore
