// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
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
// was begun before. Nor does such an answer bring back what is known to be gone; of what went, the
// latest thousand are remembered for that. Numbers are compared, which Kubernetes allows for one
// kind of object; where there is none, the state that comes later counts.
//
// An object is kept once, and what the pipeline sees of it is made when it is asked for: a hundred
// thousand are an ordinary number here.
//
// Threads: every function is safe from every thread; no I/O is done under its lock.
class KubeIndex {
 public:
  explicit KubeIndex(std::string target) : target_(std::move(target)) {}

  // What has changed for the pipeline: repositories whose workloads came, went, or have another
  // image or annotation, and workloads known before whose rollout may have moved.
  struct Changes {
    std::set<Repository> repositories;
    std::set<std::string> moved;  // ids

    bool empty() const noexcept { return repositories.empty() && moved.empty(); }
  };

  // A state of one object.
  Changes put(KubeObject object);
  // It is gone, as of that version: a later state of it stays.
  Changes remove(const std::string& id, std::uint64_t version);
  // Until forget_expected(), a state in which these containers (by name) have these images and the
  // others have theirs is no change for the pipeline: it is told of an action's end otherwise.
  void expect(const std::string& id, std::map<std::string, std::string> images);
  void forget_expected(const std::string& id);
  // All there is of one kind in one namespace ("": in all), as of that version. What is not among
  // these goes, unless a later state of it is known.
  Changes replace(KubeKind kind, const std::string& space, std::vector<KubeObjectPtr> objects,
                  std::uint64_t version);
  // Forgets what is known of that kind and namespace: versions begin anew (a restored etcd).
  void forget(KubeKind kind, const std::string& space);

  KubeObjectPtr find(const std::string& id) const;  // null: none
  std::vector<WorkloadPtr> of(const Repository& repository) const;
  std::vector<WorkloadPtr> all() const;
  std::size_t size() const;
  // Workloads that are left alone, and why: objects and images that cannot be read; at most
  // `limit`.
  std::vector<std::string> problems(std::size_t limit) const;

 private:
  using Objects = std::map<std::string, KubeObjectPtr, std::less<>>;
  using Entry = Objects::value_type;
  struct ById {
    bool operator()(const Entry* a, const Entry* b) const noexcept { return a->first < b->first; }
  };
  using Entries = std::set<const Entry*, ById>;  // of objects_

  // REQUIRES of all: mutex_ held
  void put_locked(KubeObjectPtr object, Changes& changes);
  Objects::iterator remove_locked(Objects::iterator at, std::uint64_t version, Changes& changes);
  std::set<Repository> link(const Entry& entry);    // its repositories
  std::set<Repository> unlink(const Entry& entry);  // the same
  bool is_expected(const KubeObject& before, const KubeObject& now) const;
  bool is_gone(const std::string& id, std::uint64_t version) const;
  void remember_gone(const std::string& id, std::uint64_t version);

  const std::string target_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  Objects objects_;  // by id, so that a kind and a namespace of it are neighbours
  std::unordered_map<Repository, Entries> by_repository_;
  Entries with_problems_;
  std::map<std::string, std::map<std::string, std::string>> expected_;  // images, by container
  std::map<std::string, std::uint64_t, std::less<>> gone_;  // the version that it went with
  std::deque<std::string> gone_order_;                      // the oldest first
};

}  // namespace longshore
