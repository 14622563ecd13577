// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "pipeline/clock.h"
#include "pipeline/result.h"
#include "sinks/kubernetes/access.h"
#include "sinks/kubernetes/exec_plugin.h"
#include "sinks/kubernetes/options.h"

namespace longshore {

// Who we are to one API server, kept up to date: its files are looked at once a second and read
// again when one of them is another, and once a minute whatever they look like; a plugin is asked
// again when what it gave has expired.
//
// Threads: safe from every thread. One asks the plugin, the others wait for what it gives.
class KubeAccount {
 public:
  // `pod`: where the service account is, for a target without a kubeconfig.
  KubeAccount(const KubernetesTargetOptions& options, std::filesystem::path pod,
              const Clock& clock);

  // Fails as read_kubeconfig(), read_service_account() and ask_plugin() do; but what could be read
  // once and cannot any more is unavailable: it may be about to be replaced.
  Result<KubeLogin> login(SteadyTime deadline, const std::stop_token& stop);
  // The server refused that login (401): the next one is read and asked for anew, unless that was
  // done meanwhile.
  void refuse(const KubeLogin& login);
  std::string server() const;  // empty before the first login

 private:
  // REQUIRES: the mutex is held.
  Status read_again();
  bool is_outdated();
  bool needs_plugin() const;
  Status ask(std::unique_lock<std::mutex>& lock, SteadyTime deadline, const std::stop_token& stop);
  KubeLogin current() const;

  const std::filesystem::path kubeconfig_;
  const std::string context_;
  const std::filesystem::path pod_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::condition_variable_any changed_;
  std::optional<KubeAccess> access_;
  std::optional<ExecCredential> credential_;
  SteadyTime read_{};
  SteadyTime looked_{};
  bool is_refused_ = false;
  bool is_asking_ = false;
};

}  // namespace longshore
