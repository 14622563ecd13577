// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pipeline/target.h"
#include "sinks/files/folder.h"

namespace longshore {

// What was read out of one file.
struct FileEntry {
  FileSignature signature;
  // The file was so young when it was read that a later write may have left no trace in its times:
  // it is read again at the next occasion.
  bool recent = false;
  std::vector<WorkloadPtr> workloads;
  std::vector<std::string> problems;
};

// The workloads of a folder, by repository and by id.
//
// Threads: every function is safe from every thread. Files are read and parsed outside of it, so
// that a look-up waits at most for the exchange of one file's entries.
class Inventory {
 public:
  // Puts an entry in the place of the file's old one. Returns the repositories of workloads that
  // are new, gone, or whose images or annotations are others than before.
  std::vector<Repository> set(const std::string& path, FileEntry entry);
  // Forgets every file that is not among these. Returns the repositories of what was in them.
  std::vector<Repository> keep_only(const std::set<std::string, std::less<>>& paths);

  // Whether the file has to be read (again).
  bool is_current(const std::string& path, const FileSignature& signature) const;
  // The file that a workload was found in.
  std::optional<std::string> path_of(std::string_view id) const;

  std::vector<WorkloadPtr> of(const Repository& repository) const;
  std::vector<WorkloadPtr> all() const;
  WorkloadPtr find(std::string_view id) const;  // null: there is none
  std::size_t size() const;
  // At most `most` problems, in the order of the paths.
  std::vector<std::string> problems(std::size_t most) const;

 private:
  struct Located {
    WorkloadPtr workload;
    std::string path;
  };
  using ById = std::map<std::string, WorkloadPtr, std::less<>>;

  void add(const std::string& path, const WorkloadPtr& workload);
  void remove(const WorkloadPtr& workload);

  mutable std::shared_mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, FileEntry, std::less<>> files_;
  std::map<std::string, Located, std::less<>> by_id_;
  std::unordered_map<Repository, ById> by_repository_;
};

}  // namespace longshore
