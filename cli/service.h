// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cli/cluster_logins.h"
#include "config/config.h"
#include "config/watch.h"
#include "pipeline/engine.h"
#include "receiver/api.h"
#include "receiver/hook_handler.h"
#include "receiver/http_server.h"
#include "sinks/http/client.h"
#include "sinks/registry/resolver.h"

namespace longshore {

// The running program: makes every part from the configuration, connects them, reloads and ends
// them in order. What `longshore serve` is, without signals and exit codes.
//
// Threads: start(), stop() and the destructor from one thread; the rest from any.
class Service {
 public:
  // Nothing is accepted unless the store opened: we never acknowledge what we could not keep.
  // invalid_input: the configuration, the message has a line for each fault; other errors as
  // Engine::open(), Engine::start() and HttpServer::start_tcp().
  static Result<std::unique_ptr<Service>> start(const std::filesystem::path& config_file);
  ~Service();

  std::string address() const;  // "127.0.0.1:8080"
  std::chrono::milliseconds drain_delay() const;

  // The store failed; the process has to end.
  bool failed() const noexcept { return failed_; }

  // Looks at the configuration again, soon, on the watcher's thread. Safe in a signal handler.
  void reload_soon() noexcept { watcher_->poke(); }

  // Takes no more connections, lets what has begun finish within the grace period, ends all.
  void stop(std::chrono::milliseconds grace);

 private:
  explicit Service(const std::filesystem::path& config_file);
  Status start_all();
  Status load();
  Status start_engine();
  Status start_servers();
  void inputs_changed();
  void reload();
  Status apply(Config next);
  void keep_old(const std::string& why);
  std::shared_ptr<RegistryClient> client_for(const Config& config);
  std::vector<std::shared_ptr<Target>> targets_for(const Config& config);
  std::shared_ptr<Target> make_target(const TargetOptions& options);
  void remember(const Config& config, const std::vector<std::shared_ptr<Target>>& targets);
  HttpReply handle(const HttpRequest& request, const ApiHandler& api);
  HttpService service_for(const ApiHandler& api);

  const std::filesystem::path file_;
  const SystemClock clock_;
  std::atomic<bool> failed_{false};

  mutable std::mutex mutex_;  // start and reload, one at a time
  bool started_ = false;      // all below guarded by mutex_ until the watcher has ended
  Config config_;
  struct Running {
    TargetOptions options;
    std::shared_ptr<Target> target;
  };
  std::map<std::string, Running> targets_;

  // Destroyed after the engine, whose threads ask them.
  const std::shared_ptr<ClusterLogins> logins_ = std::make_shared<ClusterLogins>();
  HttpClient http_;
  std::unique_ptr<RegistryResolver> resolver_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<HookHandler> hooks_;
  std::unique_ptr<ApiHandler> public_api_;
  std::unique_ptr<ApiHandler> control_api_;
  std::unique_ptr<HttpServer> control_server_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<ConfigWatcher> watcher_;
};

// Where the control commands find the server that runs on this store.
std::filesystem::path control_socket(const std::filesystem::path& store);

}  // namespace longshore
