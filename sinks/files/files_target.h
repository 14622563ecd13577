// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/clock.h"
#include "pipeline/target.h"
#include "sinks/files/inventory.h"
#include "sinks/files/options.h"
#include "sinks/files/watcher.h"

namespace longshore {

struct Walk;

// Keeps the manifests below a folder up to date: it knows what they run (manifest.h) and changes
// the bytes of an image where it stands (edit.h). It never adds a key, never makes a file, follows
// no link, and leaves alone what it cannot change safely, with a reason.
//
// A workload's id is the file's path below the folder and the object in it: "shop/web.yaml
// Deployment shop/web".
//
// One thread of its own lists the folder at start, after each change that the kernel tells of, and
// every `rescan`; only files whose status changed are read. A change is told to the listener as
// repository_changed; target_synced follows the first and each further full listing. What deliver()
// wrote is in the inventory when it returns and is not told.
//
// If the folder itself goes away the target is no longer synced, keeps its inventory, and looks for
// the folder every second.
class FilesTarget final : public Target {
 public:
  FilesTarget(FilesTargetOptions options, const Clock& clock);
  ~FilesTarget() override;

  const std::string& name() const noexcept override { return options_.name; }
  std::string_view type() const noexcept override { return "files"; }

  // Fails with invalid_input if the path is no folder that can be read.
  Status start(TargetListener& listener) override;
  void stop() noexcept override;

  TargetState state() const override;
  std::vector<WorkloadPtr> workloads_of(const Repository& repository) const override;
  std::vector<WorkloadPtr> workloads() const override;
  WorkloadPtr workload(const std::string& id) const override;

  // The file is read again, changed, and replaced in one step (replace.h). Outcomes:
  //   delivered  every container runs `to`, now or already
  //   conflict   a container runs neither, or the workload or file is gone or was just changed
  //   rejected   the file has no place for the change, is a link, has several hard links …
  //   forbidden  no right to read or replace the file, or to keep its owner; read-only folder
  //   retry      disk full or failing; stop was requested; the folder has not been read yet
  Delivery deliver(const Action& action, std::stop_token stop) noexcept override;

 private:
  enum class Scan { changes, full };

  void run(const std::stop_token& stop);
  void scan(Scan kind);
  Status look(Scan kind, std::vector<Repository>& changed);
  void remove_leftovers(const Fd& root, const Walk& walk) const;
  std::vector<Repository> refresh(const Fd& root, const std::string& path);
  void set_folder_state(std::vector<std::string> problems, std::optional<Time> synced_at);
  bool synced() const override;
  Delivery change(const Action& action, const std::string& path, const std::stop_token& stop);
  FileEntry make_entry(const std::string& path, std::string_view bytes,
                       const FileSignature& signature) const;
  std::mutex& lock_for(const std::string& path) const;

  // Constant after construction and start().
  const FilesTargetOptions options_;
  const Clock& clock_;
  TargetListener* listener_ = nullptr;
  std::optional<Watcher> watcher_;

  Inventory inventory_;
  // One of these is held from reading a file until the inventory has it, so that neither two
  // deliveries nor a delivery and the listing overtake each other.
  mutable std::array<std::mutex, 16> file_mutexes_;

  mutable std::mutex state_mutex_;
  // Guarded by state_mutex_.
  bool synced_ = false;
  std::optional<Time> synced_at_;
  std::vector<std::string> folder_problems_;

  std::jthread thread_;
};

}  // namespace longshore
