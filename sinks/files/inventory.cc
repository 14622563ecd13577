// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/inventory.h"

#include <algorithm>
#include <mutex>

namespace longshore {
namespace {

bool same_container(const Container& a, const Container& b) {
  return a.name == b.name && a.image == b.image && a.image.name() == b.image.name();
}

bool same(const Workload& a, const Workload& b) {
  return a.annotations == b.annotations &&
         std::equal(a.containers.begin(), a.containers.end(), b.containers.begin(),
                    b.containers.end(), same_container);
}

}  // namespace

void Inventory::add(const std::string& path, const WorkloadPtr& workload) {
  by_id_[workload->id] = Located{workload, path};
  for (const Container& container : workload->containers) {
    by_repository_[container.image.repository()][workload->id] = workload;
  }
}

void Inventory::remove(const WorkloadPtr& workload) {
  const auto located = by_id_.find(workload->id);
  if (located != by_id_.end() && located->second.workload == workload) by_id_.erase(located);
  for (const Container& container : workload->containers) {
    const auto found = by_repository_.find(container.image.repository());
    if (found == by_repository_.end()) continue;
    const auto same_id = found->second.find(workload->id);
    if (same_id != found->second.end() && same_id->second == workload) found->second.erase(same_id);
    if (found->second.empty()) by_repository_.erase(found);
  }
}

std::vector<Repository> Inventory::set(const std::string& path, FileEntry entry) {
  const std::unique_lock lock(mutex_);
  FileEntry& place = files_[path];
  std::set<Repository> changed;
  for (const WorkloadPtr& workload : entry.workloads) {
    const auto before = by_id_.find(workload->id);
    if (before != by_id_.end() && same(*before->second.workload, *workload)) continue;
    for (const Container& container : workload->containers) {
      changed.insert(container.image.repository());
    }
  }
  for (const WorkloadPtr& workload : place.workloads)
    remove(workload);
  for (const WorkloadPtr& workload : entry.workloads)
    add(path, workload);
  for (const WorkloadPtr& workload : place.workloads) {
    for (const Container& container : workload->containers) {
      const Repository& repository = container.image.repository();
      const auto left = by_repository_.find(repository);
      const bool gone = left == by_repository_.end() || !left->second.contains(workload->id);
      if (gone) changed.insert(repository);
    }
  }
  std::swap(place, entry);  // what it was is freed after the lock, with the parameter
  return {changed.begin(), changed.end()};
}

std::vector<Repository> Inventory::keep_only(const std::set<std::string, std::less<>>& paths) {
  const std::unique_lock lock(mutex_);
  std::set<Repository> gone;
  for (auto file = files_.begin(); file != files_.end();) {
    if (paths.contains(file->first)) {
      ++file;
      continue;
    }
    for (const WorkloadPtr& workload : file->second.workloads) {
      remove(workload);
      for (const Container& container : workload->containers)
        gone.insert(container.image.repository());
    }
    file = files_.erase(file);
  }
  return {gone.begin(), gone.end()};
}

bool Inventory::is_current(const std::string& path, const FileSignature& signature) const {
  const std::shared_lock lock(mutex_);
  const auto found = files_.find(path);
  return found != files_.end() && !found->second.recent && found->second.signature == signature;
}

std::optional<std::string> Inventory::path_of(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second.path;
}

std::vector<WorkloadPtr> Inventory::of(const Repository& repository) const {
  const std::shared_lock lock(mutex_);
  std::vector<WorkloadPtr> result;
  const auto found = by_repository_.find(repository);
  if (found == by_repository_.end()) return result;
  result.reserve(found->second.size());
  for (const auto& [id, workload] : found->second)
    result.push_back(workload);
  return result;
}

WorkloadPtr Inventory::find(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.workload;
}

std::vector<WorkloadPtr> Inventory::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<WorkloadPtr> result;
  result.reserve(by_id_.size());
  for (const auto& [id, located] : by_id_)
    result.push_back(located.workload);
  return result;
}

std::size_t Inventory::size() const {
  const std::shared_lock lock(mutex_);
  return by_id_.size();
}

std::vector<std::string> Inventory::problems(std::size_t most) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> result;
  for (const auto& [path, entry] : files_) {
    for (const std::string& problem : entry.problems) {
      if (result.size() == most) return result;
      result.push_back(problem);
    }
  }
  return result;
}

}  // namespace longshore
