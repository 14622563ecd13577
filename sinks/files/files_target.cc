// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/files_target.h"

#include <algorithm>
#include <functional>

#include <unistd.h>

#include "pipeline/log.h"
#include "sinks/files/deliver.h"
#include "sinks/files/manifest.h"
#include "sinks/files/replace.h"
#include "sinks/files/walk.h"

namespace longshore {
namespace {

constexpr std::size_t kMostProblems = 100;
constexpr std::chrono::seconds kRetryMissing{1};
// A second write within the clock's grain leaves size and times as they are.
constexpr std::chrono::seconds kGrain{1};

std::string problem_line(const std::string& path, const ManifestProblem& problem) {
  std::string line = path + ":";
  if (problem.line > 0) line += std::to_string(problem.line) + ":";
  return line + " " + problem.message;
}

}  // namespace

FilesTarget::FilesTarget(FilesTargetOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

FilesTarget::~FilesTarget() {
  stop();
}

Status FilesTarget::start(TargetListener& listener) {
  const auto root = open_root(options_.path);
  if (!root) {
    return Error{Errc::invalid_input, "target '" + options_.name + "': " + root.error().message};
  }
  auto watcher = Watcher::open();
  if (!watcher) return std::move(watcher).error();
  watcher_.emplace(*std::move(watcher));
  listener_ = &listener;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return Done{};
}

void FilesTarget::stop() noexcept {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  watcher_->wake();
  thread_.join();
}

void FilesTarget::run(const std::stop_token& stop) {
  Scan kind = Scan::full;
  auto next_full = clock_.steady();
  while (!stop.stop_requested()) {
    scan(kind);
    if (kind == Scan::full) next_full = clock_.steady() + options_.rescan;
    auto timeout =
        std::chrono::duration_cast<std::chrono::milliseconds>(next_full - clock_.steady());
    if (!synced()) timeout = std::min<std::chrono::milliseconds>(timeout, kRetryMissing);
    const auto event =
        watcher_->wait(std::max(timeout, std::chrono::milliseconds{0}), options_.settle);
    const bool full = event != Watcher::Event::changed || !synced();
    kind = full ? Scan::full : Scan::changes;
  }
}

void FilesTarget::scan(Scan kind) {
  std::vector<Repository> changed;
  const bool was_synced = synced();
  if (auto looked = look(kind, changed); !looked) {
    if (was_synced) {
      log(LogLevel::warning, "files", "the folder cannot be read, its target waits",
          {{"target", options_.name}, {"reason", looked.error().message}});
    }
    set_folder_state({looked.error().message}, std::nullopt);
    return;
  }
  // Before the first listing is complete nobody decides, so there is nothing to tell.
  if (was_synced) {
    std::sort(changed.begin(), changed.end());
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    for (const Repository& repository : changed) {
      listener_->repository_changed(options_.name, repository);
    }
  }
  if (kind == Scan::full) listener_->target_synced(options_.name);
}

Status FilesTarget::look(Scan kind, std::vector<Repository>& changed) {
  const auto root = open_root(options_.path);
  if (!root) return root.error();
  std::vector<std::string> problems;
  auto walk = walk_folder(*root, options_, [this, &problems](const std::string& path) {
    auto problem = watcher_->watch(path.empty() ? options_.path : options_.path / path);
    if (problem) problems.push_back(*std::move(problem));
  });
  if (!walk) return std::move(walk).error();
  if (!synced()) remove_leftovers(*root, *walk);
  std::set<std::string, std::less<>> paths;
  for (const WalkedFile& file : walk->files) {
    paths.insert(file.path);
    if (inventory_.is_current(file.path, file.signature)) continue;
    const auto more = refresh(*root, file.path);
    changed.insert(changed.end(), more.begin(), more.end());
  }
  const auto gone = inventory_.keep_only(paths);
  changed.insert(changed.end(), gone.begin(), gone.end());
  problems.insert(problems.end(), walk->problems.begin(), walk->problems.end());
  const bool full = kind == Scan::full;
  set_folder_state(std::move(problems), full ? std::optional<Time>(clock_.now()) : synced_at_);
  return Done{};
}

// Only before the first listing is complete: until then deliver() writes nothing, so what lies
// there is of a run that ended.
void FilesTarget::remove_leftovers(const Fd& root, const Walk& walk) const {
  for (const std::string& path : walk.leftovers) {
    const auto [parent, name] = split_path(path);
    const auto folder = open_folder(root, parent);
    if (folder) unlinkat(folder->get(), std::string(name).c_str(), 0);
  }
}

std::vector<Repository> FilesTarget::refresh(const Fd& root, const std::string& path) {
  const std::lock_guard lock(lock_for(path));
  const auto [parent, name] = split_path(path);
  const auto folder = open_folder(root, parent);
  auto content = folder ? read_file(*folder, std::string(name), path, options_.max_file_bytes)
                        : Result<FileContent>(folder.error());
  if (content) {
    return inventory_.set(path,
                          make_entry(path, content->bytes, FileSignature::of(content->status)));
  }
  FileEntry unreadable;
  unreadable.recent = true;
  if (content.error().code != Errc::not_found) {
    unreadable.problems.push_back(path + ": " + content.error().message);
  }
  return inventory_.set(path, std::move(unreadable));
}

FileEntry FilesTarget::make_entry(const std::string& path, std::string_view bytes,
                                  const FileSignature& signature) const {
  FileEntry entry;
  entry.signature = signature;
  const std::chrono::nanoseconds changed(std::max(signature.changed_ns, signature.modified_ns));
  entry.recent = clock_.now().time_since_epoch() - changed < kGrain;
  Manifest manifest = read_manifest(path, bytes);
  for (FoundWorkload& found : manifest.workloads) {
    Workload workload{options_.name, path + " " + found.id, {}, std::move(found.annotations)};
    for (FoundContainer& container : found.containers) {
      workload.containers.push_back({std::move(container.name), std::move(container.image)});
    }
    entry.workloads.push_back(std::make_shared<const Workload>(std::move(workload)));
  }
  for (const ManifestProblem& problem : manifest.problems) {
    if (entry.problems.size() == kMostProblems) break;
    entry.problems.push_back(problem_line(path, problem));
  }
  return entry;
}

void FilesTarget::set_folder_state(std::vector<std::string> problems,
                                   std::optional<Time> synced_at) {
  const std::lock_guard lock(state_mutex_);
  synced_ = synced_at.has_value();
  if (synced_at) synced_at_ = synced_at;
  folder_problems_ = std::move(problems);
}

bool FilesTarget::synced() const {
  const std::lock_guard lock(state_mutex_);
  return synced_;
}

TargetState FilesTarget::state() const {
  TargetState state;
  state.workloads = inventory_.size();
  state.problems = inventory_.problems(kMostProblems);
  const std::lock_guard lock(state_mutex_);
  state.synced = synced_;
  state.synced_at = synced_at_;
  state.problems.insert(state.problems.begin(), folder_problems_.begin(), folder_problems_.end());
  if (state.problems.size() > kMostProblems) state.problems.resize(kMostProblems);
  return state;
}

std::vector<WorkloadPtr> FilesTarget::workloads_of(const Repository& repository) const {
  return inventory_.of(repository);
}

std::vector<WorkloadPtr> FilesTarget::workloads() const {
  return inventory_.all();
}

WorkloadPtr FilesTarget::workload(const std::string& id) const {
  return inventory_.find(id);
}

std::mutex& FilesTarget::lock_for(const std::string& path) const {
  return file_mutexes_[std::hash<std::string>{}(path) % file_mutexes_.size()];
}

Delivery FilesTarget::deliver(const Action& action, std::stop_token stop) noexcept {
  if (!synced()) return {Outcome::retry, "the folder has not been read yet", {}};
  const auto path = inventory_.path_of(action.workload);
  if (!path) return {Outcome::conflict, "there is no '" + action.workload + "' any more", {}};
  return change(action, *path, stop);
}

Delivery FilesTarget::change(const Action& action, const std::string& path,
                             const std::stop_token& stop) {
  const std::lock_guard lock(lock_for(path));
  auto root = open_root(options_.path);
  if (!root) return delivery_for(root.error());
  const auto [parent, name] = split_path(path);
  auto folder = open_folder(*root, parent);
  if (!folder) return delivery_for(folder.error());
  auto content = read_file(*folder, std::string(name), path, options_.max_file_bytes);
  if (!content) return delivery_for(content.error());
  auto next = changed_bytes(path, content->bytes, action);
  if (!next) return delivery_for(next.error());
  if (*next == content->bytes) return {Outcome::delivered, path + " says so already", {}};
  if (stop.stop_requested()) return {Outcome::retry, "stopped before the change", {}};
  auto replacement =
      FileReplacement::prepare(*std::move(folder), std::string(name), *std::move(content), *next);
  if (!replacement) return delivery_for(replacement.error());
  const auto signature = replacement->commit();
  if (!signature) return delivery_for(signature.error());
  inventory_.set(path, make_entry(path, *next, *signature));
  return {Outcome::delivered, "changed " + path, {}};
}

}  // namespace longshore
