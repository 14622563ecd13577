// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/index.h"

#include <algorithm>

namespace longshore {
namespace {

constexpr std::size_t kMaxGone = 1000;

// Whether a state is older than another; where one has no number, it is not.
bool is_older(std::uint64_t version, std::uint64_t than) {
  return version != 0 && than != 0 && version < than;
}

std::set<Repository> repositories_of(const std::string& target, const KubeObject& object) {
  std::set<Repository> repositories;
  for (const Container& container : workload_for(target, object).containers)
    repositories.insert(container.image.repository());
  return repositories;
}

// Whether all containers that are as they were are to be decided upon as they were.
bool has_same_terms(const KubeObject& a, const KubeObject& b) {
  return a.annotations == b.annotations && a.manager == b.manager && a.fault == b.fault;
}

// Adds the repositories of the containers that the other object has not, or has otherwise.
void add_differences(const KubeObject& object, const KubeObject& other,
                     std::set<Repository>& repositories) {
  for (const KubeContainer& container : object.containers) {
    if (std::ranges::find(other.containers, container) != other.containers.end()) continue;
    if (const auto image = ImageRef::parse(container.image))
      repositories.insert(image->repository());
  }
}

bool is_same_rollout(const KubeObject& a, const KubeObject& b) {
  return a.uid == b.uid && a.generation == b.generation && a.progress == b.progress;
}

// What the ids of that kind and namespace begin with.
std::string prefix_of(KubeKind kind, const std::string& space) {
  std::string prefix(name_of(kind));
  prefix += ' ';
  return space.empty() ? prefix : prefix.append(space).append("/");
}

std::vector<WorkloadPtr> workloads_for(const std::string& target,
                                       const std::vector<KubeObjectPtr>& objects) {
  std::vector<WorkloadPtr> workloads;
  workloads.reserve(objects.size());
  for (const KubeObjectPtr& object : objects)
    workloads.push_back(std::make_shared<const Workload>(workload_for(target, *object)));
  return workloads;
}

}  // namespace

KubeIndex::Changes KubeIndex::put(KubeObject object) {
  auto shared = std::make_shared<const KubeObject>(std::move(object));
  Changes changes;
  const std::lock_guard lock(mutex_);
  put_locked(std::move(shared), changes);
  return changes;
}

KubeIndex::Changes KubeIndex::remove(const std::string& id, std::uint64_t version) {
  Changes changes;
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(id);
  if (found == objects_.end()) {
    remember_gone(id, version);
  } else if (!is_older(version, found->second->version)) {
    remove_locked(found, version, changes);
  }
  return changes;
}

KubeIndex::Changes KubeIndex::replace(KubeKind kind, const std::string& space,
                                      std::vector<KubeObjectPtr> objects, std::uint64_t version) {
  std::set<std::string> listed;
  for (const KubeObjectPtr& object : objects)
    listed.insert(object->id());
  Changes changes;
  const std::string prefix = prefix_of(kind, space);
  const std::lock_guard lock(mutex_);
  for (auto at = objects_.lower_bound(prefix);
       at != objects_.end() && at->first.starts_with(prefix);) {
    const bool stays = listed.contains(at->first) || is_older(version, at->second->version);
    at = stays ? std::next(at) : remove_locked(at, version, changes);
  }
  for (KubeObjectPtr& object : objects)
    put_locked(std::move(object), changes);
  return changes;
}

void KubeIndex::forget(KubeKind kind, const std::string& space) {
  const std::string prefix = prefix_of(kind, space);
  const std::lock_guard lock(mutex_);
  for (auto at = objects_.lower_bound(prefix);
       at != objects_.end() && at->first.starts_with(prefix);) {
    unlink(*at);
    at = objects_.erase(at);
  }
  gone_.clear();
  gone_order_.clear();
}

void KubeIndex::put_locked(KubeObjectPtr object, Changes& changes) {
  std::string id = object->id();
  const auto found = objects_.find(id);
  if (found == objects_.end()) {
    if (is_gone(id, object->version)) return;
    changes.repositories.merge(link(*objects_.emplace(std::move(id), std::move(object)).first));
    return;
  }
  const KubeObjectPtr before = found->second;
  const bool is_known = object->version != 0 && object->version == before->version;
  if (is_known || is_older(object->version, before->version)) return;
  if (!is_same_rollout(*before, *object)) changes.moved.insert(id);
  const bool same_terms = has_same_terms(*before, *object);
  if (same_terms && before->containers == object->containers) {
    found->second = std::move(object);
    return;
  }
  // A sidecar that all workloads have is not decided for all of them when one gets another image.
  if (same_terms && !is_expected(*before, *object)) {
    add_differences(*before, *object, changes.repositories);
    add_differences(*object, *before, changes.repositories);
  }
  auto old = unlink(*found);
  found->second = std::move(object);
  auto now = link(*found);
  if (same_terms) return;
  changes.repositories.merge(old);
  changes.repositories.merge(now);
}

KubeIndex::Objects::iterator KubeIndex::remove_locked(Objects::iterator at, std::uint64_t version,
                                                      Changes& changes) {
  changes.moved.insert(at->first);
  remember_gone(at->first, version);
  changes.repositories.merge(unlink(*at));
  return objects_.erase(at);
}

std::set<Repository> KubeIndex::link(const Entry& entry) {
  auto repositories = repositories_of(target_, *entry.second);
  for (const Repository& repository : repositories)
    by_repository_[repository].insert(&entry);
  if (!problem_of(*entry.second).empty()) with_problems_.insert(&entry);
  return repositories;
}

std::set<Repository> KubeIndex::unlink(const Entry& entry) {
  auto repositories = repositories_of(target_, *entry.second);
  for (const Repository& repository : repositories) {
    const auto found = by_repository_.find(repository);
    found->second.erase(&entry);
    if (found->second.empty()) by_repository_.erase(found);
  }
  with_problems_.erase(&entry);
  return repositories;
}

bool KubeIndex::is_expected(const KubeObject& before, const KubeObject& now) const {
  const auto found = expected_.find(now.id());
  if (found == expected_.end() || before.containers.size() != now.containers.size()) return false;
  return std::ranges::all_of(now.containers, [&](const KubeContainer& container) {
    if (std::ranges::find(before.containers, container) != before.containers.end()) return true;
    const auto image = found->second.find(container.name);
    return image != found->second.end() && image->second == container.image;
  });
}

void KubeIndex::expect(const std::string& id, std::map<std::string, std::string> images) {
  const std::lock_guard lock(mutex_);
  expected_.insert_or_assign(id, std::move(images));
}

void KubeIndex::forget_expected(const std::string& id) {
  const std::lock_guard lock(mutex_);
  expected_.erase(id);
}

bool KubeIndex::is_gone(const std::string& id, std::uint64_t version) const {
  const auto found = gone_.find(id);
  return found != gone_.end() && version != 0 && version <= found->second;
}

void KubeIndex::remember_gone(const std::string& id, std::uint64_t version) {
  const auto [at, is_new] = gone_.insert_or_assign(id, version);
  if (!is_new) return;
  gone_order_.push_back(id);
  if (gone_order_.size() <= kMaxGone) return;
  gone_.erase(gone_order_.front());
  gone_order_.pop_front();
}

KubeObjectPtr KubeIndex::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(id);
  return found == objects_.end() ? nullptr : found->second;
}

std::vector<WorkloadPtr> KubeIndex::of(const Repository& repository) const {
  std::vector<KubeObjectPtr> objects;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_repository_.find(repository);
    if (found == by_repository_.end()) return {};
    objects.reserve(found->second.size());
    for (const Entry* entry : found->second)
      objects.push_back(entry->second);
  }
  return workloads_for(target_, objects);
}

std::vector<WorkloadPtr> KubeIndex::all() const {
  std::vector<KubeObjectPtr> objects;
  {
    const std::lock_guard lock(mutex_);
    objects.reserve(objects_.size());
    for (const auto& [id, object] : objects_)
      objects.push_back(object);
  }
  auto workloads = workloads_for(target_, objects);
  std::erase_if(workloads,
                [](const WorkloadPtr& workload) { return workload->containers.empty(); });
  return workloads;
}

std::size_t KubeIndex::size() const {
  const std::lock_guard lock(mutex_);
  return objects_.size();
}

std::vector<std::string> KubeIndex::problems(std::size_t limit) const {
  std::vector<std::string> problems;
  const std::lock_guard lock(mutex_);
  for (const Entry* entry : with_problems_) {
    if (problems.size() == limit) break;
    problems.push_back(problem_of(*entry->second));
  }
  return problems;
}

}  // namespace longshore
