// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "config/config.h"
#include "config/watch.h"
#include "pipeline/engine.h"
#include "receiver/api.h"
#include "receiver/hook_handler.h"
#include "receiver/http_server.h"
#include "sinks/files/files_target.h"

namespace longshore {

// The running program: makes every part from the configuration, connects them, reloads and ends
// them in order. What `longshore serve` is, without signals and exit codes.
//
// Threads: start(), stop() and the destructor from one thread; the rest from any.
class Service {
 public:
  // Nothing is accepted unless the store opened: we never acknowledge what we could not keep.
  // Errors as Engine::open(), Engine::start() and HttpServer::start_tcp().
  static Result<std::unique_ptr<Service>> start(LoadedConfig loaded);
  ~Service();

  std::uint16_t port() const { return server_->port(); }

  // The store failed; the process has to end.
  bool failed() const noexcept { return failed_; }

  // Looks at the configuration again, soon, on the watcher's thread. Safe in a signal handler.
  void reload_soon() noexcept { watcher_->poke(); }

  // Takes no more connections, lets what has begun finish within the grace period, ends all.
  void stop(std::chrono::milliseconds grace);

 private:
  explicit Service(LoadedConfig loaded);
  Status start_parts();
  Status start_servers();
  void reload();
  Status apply(Config next);
  void keep_old(const std::string& why);
  std::vector<std::shared_ptr<Target>> targets_for(const Config& config);
  void remember(const Config& config, const std::vector<std::shared_ptr<Target>>& targets);
  HttpReply handle(const HttpRequest& request, const ApiHandler& api);
  HttpService service_for(const ApiHandler& api);

  const SystemClock clock_;
  std::atomic<bool> failed_{false};

  // Watcher's thread only, once it runs
  Config config_;
  struct Running {
    FilesTargetOptions options;
    std::shared_ptr<Target> target;
  };
  std::map<std::string, Running> targets_;

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
