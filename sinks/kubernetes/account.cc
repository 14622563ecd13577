// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/account.h"

#include <algorithm>
#include <utility>

#include <sys/stat.h>

#include "sinks/kubernetes/kubeconfig.h"

namespace longshore {
namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr std::chrono::seconds kReadEvery{60};

bool is_another(const std::pair<std::filesystem::path, FileSignature>& file) {
  struct stat status {};
  return ::stat(file.first.c_str(), &status) != 0 || FileSignature::of(status) != file.second;
}

}  // namespace

KubeAccount::KubeAccount(const KubernetesTargetOptions& options, std::filesystem::path pod,
                         const Clock& clock)
    : kubeconfig_(options.kubeconfig),
      context_(options.context),
      pod_(std::move(pod)),
      clock_(clock) {}

Result<KubeLogin> KubeAccount::login(SteadyTime deadline, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool is_free = changed_.wait_until(lock, stop, deadline, [this] { return !is_asking_; });
  if (stop.stop_requested()) return Error{Errc::unavailable, "given up: the program stops"};
  if (!is_free) return Error{Errc::unavailable, "the credentials' plugin did not answer in time"};
  if (auto read = read_again(); !read) return std::move(read).error();
  if (needs_plugin()) {
    if (auto asked = ask(lock, deadline, stop); !asked) return std::move(asked).error();
  }
  is_refused_ = false;
  return current();
}

void KubeAccount::refuse(const KubeLogin& login) {
  const std::lock_guard lock(mutex_);
  if (access_ && current() == login) is_refused_ = true;
}

std::string KubeAccount::server() const {
  const std::lock_guard lock(mutex_);
  return access_ ? access_->login.server : "";
}

Status KubeAccount::read_again() {
  if (access_ && !is_outdated()) return Done{};
  auto access =
      kubeconfig_.empty() ? read_service_account(pod_) : read_kubeconfig(kubeconfig_, context_);
  if (!access) {
    return Error{access_ ? Errc::unavailable : access.error().code, access.error().message};
  }
  const bool is_same =
      access_ && access_->login == access->login && access_->plugin == access->plugin;
  if (!is_same) credential_.reset();
  access_ = *std::move(access);
  read_ = looked_ = clock_.steady();
  return Done{};
}

bool KubeAccount::is_outdated() {
  const SteadyTime now = clock_.steady();
  if (is_refused_ || now - read_ >= kReadEvery) return true;
  if (now - looked_ < kLookEvery) return false;
  if (std::any_of(access_->files.begin(), access_->files.end(), is_another)) return true;
  looked_ = now;
  return false;
}

bool KubeAccount::needs_plugin() const {
  if (!access_->plugin) return false;
  if (!credential_ || is_refused_) return true;
  return credential_->expires && *credential_->expires <= clock_.now();
}

Status KubeAccount::ask(std::unique_lock<std::mutex>& lock, SteadyTime deadline,
                        const std::stop_token& stop) {
  const ExecPlugin plugin = *access_->plugin;
  const KubeLogin cluster = access_->login;
  is_asking_ = true;
  lock.unlock();
  auto credential = ask_plugin(plugin, cluster, deadline, stop);
  lock.lock();
  is_asking_ = false;
  changed_.notify_all();
  if (!credential) return std::move(credential).error();
  credential_ = *std::move(credential);
  return Done{};
}

KubeLogin KubeAccount::current() const {
  KubeLogin login = access_->login;
  if (!credential_) return login;
  if (!credential_->token.empty()) login.authorization = "Bearer " + credential_->token;
  if (!credential_->certificate.empty()) {
    login.tls.certificate = credential_->certificate;
    login.tls.key = credential_->key;
  }
  return login;
}

}  // namespace longshore
