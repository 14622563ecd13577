// SPDX-License-Identifier: Apache-2.0
#include "cli/service.h"

#include <algorithm>

#include "pipeline/log.h"
#include "sinks/files/files_target.h"
#include "sinks/kubernetes/kubernetes_target.h"

namespace longshore {
namespace {

// Commands ask one at a time; status reads take milliseconds.
constexpr int kControlWorkers = 2;
// As many as `concurrency` of a registry may be: it is what bounds them.
constexpr std::size_t kConnectionsPerHost = 64;

std::shared_ptr<const ReceiverOptions> share(const ReceiverOptions& options) {
  return std::make_shared<const ReceiverOptions>(options);
}

const std::string& name_of(const TargetOptions& options) {
  return std::visit([](const auto& each) -> const std::string& { return each.name; }, options);
}

// Whether a cluster is asked for what registries want to be told.
bool reads_pull_secrets(const Config& config) {
  return std::any_of(config.targets.begin(), config.targets.end(), [](const TargetOptions& one) {
    const auto* cluster = std::get_if<KubernetesTargetOptions>(&one);
    return cluster != nullptr && cluster->pull_secrets;
  });
}

AuditEntry config_line(const Clock& clock, std::string_view step, const Config& config) {
  AuditEntry line;
  line.time = clock.now();
  line.step = step;
  line.source = config.file.filename().string();
  return line;
}

void log_warnings(const LoadedConfig& loaded) {
  for (const ConfigProblem& warning : loaded.warnings) {
    log(LogLevel::warning, "config", warning.message,
        {{"file", loaded.config.file.string()}, {"line", std::to_string(warning.line)}});
  }
}

}  // namespace

std::filesystem::path control_socket(const std::filesystem::path& store) {
  return store.string() + ".sock";
}

Service::Service(const std::filesystem::path& config_file)
    : file_(config_file), http_({.connections_per_host = kConnectionsPerHost}) {}

Service::~Service() {
  stop(std::chrono::milliseconds{0});
}

Result<std::unique_ptr<Service>> Service::start(const std::filesystem::path& config_file) {
  std::unique_ptr<Service> service(new Service(config_file));
  if (auto status = service->start_all(); !status) return std::move(status).error();
  return service;
}

// The watcher looks at the file before it is read, so that no change in between is missed; what it
// sees before the start is over is looked at then.
Status Service::start_all() {
  const std::lock_guard lock(mutex_);
  auto watcher = ConfigWatcher::start({file_}, [this] { inputs_changed(); }, {});
  if (!watcher) return std::move(watcher).error();
  watcher_ = *std::move(watcher);
  if (auto status = load(); !status) return status;
  watcher_->watch(config_.inputs);
  if (auto status = start_engine(); !status) return status;
  // Beyond this point notifications may arrive.
  if (auto status = start_servers(); !status) return status;
  started_ = true;
  return Done{};
}

Status Service::load() {
  auto loaded = load_config(file_);
  if (const auto* errors = std::get_if<ConfigErrors>(&loaded)) {
    return Error{Errc::invalid_input, errors->str()};
  }
  auto& good = std::get<LoadedConfig>(loaded);
  log_warnings(good);
  config_ = std::move(good.config);
  return Done{};
}

Status Service::start_engine() {
  resolver_ = std::make_unique<RegistryResolver>(client_for(config_));
  auto engine = Engine::open(config_.pipeline, resolver_.get(), clock_,
                             [this](const std::string&) { failed_ = true; });
  if (!engine) return std::move(engine).error();
  engine_ = *std::move(engine);
  const auto targets = targets_for(config_);
  remember(config_, targets);
  return engine_->start(targets);
}

std::string Service::address() const {
  const std::lock_guard lock(mutex_);
  const std::string& host = config_.receiver.listen_host;
  const std::string port = std::to_string(server_->port());
  return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

std::chrono::milliseconds Service::drain_delay() const {
  const std::lock_guard lock(mutex_);
  return config_.drain_delay;
}

Status Service::start_servers() {
  hooks_ = std::make_unique<HookHandler>(*engine_, clock_, share(config_.receiver));
  public_api_ = std::make_unique<ApiHandler>(*engine_, ApiHandler::Surface::network);
  control_api_ = std::make_unique<ApiHandler>(*engine_, ApiHandler::Surface::control_socket);

  ReceiverOptions control_options;
  control_options.worker_threads = kControlWorkers;
  auto control = HttpServer::start_unix(control_socket(config_.pipeline.store.path),
                                        control_options, *engine_, service_for(*control_api_));
  if (!control) return std::move(control).error();
  control_server_ = *std::move(control);

  const ReceiverOptions& options = config_.receiver;
  auto server = HttpServer::start_tcp(options.listen_host, options.listen_port, options, *engine_,
                                      service_for(*public_api_));
  if (!server) return std::move(server).error();
  server_ = *std::move(server);
  return Done{};
}

HttpService Service::service_for(const ApiHandler& api) {
  return {.handle = [this, &api](const HttpRequest& request) { return handle(request, api); },
          .is_quick = [](std::string_view target) { return HookHandler::serves(target); },
          .refuse =
              [this](int status, const std::string& reason, std::string_view address) {
                return hooks_->refuse(status, reason, address);
              }};
}

HttpReply Service::handle(const HttpRequest& request, const ApiHandler& api) {
  if (HookHandler::serves(request.path)) return hooks_->handle(request);
  return api.handle(request);
}

std::shared_ptr<RegistryClient> Service::client_for(const Config& config) {
  FindLogins others;
  if (reads_pull_secrets(config)) {
    others = [logins = logins_](const LoginQuestion& question) { return logins->find(question); };
  }
  return std::make_shared<RegistryClient>(config.registries, http_, clock_, std::move(others));
}

// A target whose options are the same goes on as it is.
std::vector<std::shared_ptr<Target>> Service::targets_for(const Config& config) {
  std::vector<std::shared_ptr<Target>> targets;
  for (const TargetOptions& options : config.targets) {
    const auto at = targets_.find(name_of(options));
    const bool goes_on = at != targets_.end() && at->second.options == options;
    targets.push_back(goes_on ? at->second.target : make_target(options));
  }
  return targets;
}

std::shared_ptr<Target> Service::make_target(const TargetOptions& options) {
  if (const auto* files = std::get_if<FilesTargetOptions>(&options)) {
    return std::make_shared<FilesTarget>(*files, clock_);
  }
  return std::make_shared<KubernetesTarget>(std::get<KubernetesTargetOptions>(options), clock_);
}

void Service::remember(const Config& config, const std::vector<std::shared_ptr<Target>>& targets) {
  targets_.clear();
  ClusterLogins::Targets clusters;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets_[targets[i]->name()] = {config.targets[i], targets[i]};
    if (auto cluster = std::dynamic_pointer_cast<KubernetesTarget>(targets[i])) {
      clusters.push_back(std::move(cluster));
    }
  }
  logins_->set(std::move(clusters));
}

void Service::inputs_changed() {
  const std::lock_guard lock(mutex_);
  if (started_) reload();
}

void Service::reload() {
  auto loaded = load_config(file_);
  if (const auto* errors = std::get_if<ConfigErrors>(&loaded)) {
    // What may mend it is followed as well: a secret that comes late, for example.
    auto inputs = config_.inputs;
    inputs.insert(inputs.end(), errors->inputs.begin(), errors->inputs.end());
    watcher_->watch(std::move(inputs));
    return keep_old(errors->str());
  }
  auto& next = std::get<LoadedConfig>(loaded);
  watcher_->watch(next.config.inputs);
  std::string needs;
  for (const std::string& why : needs_restart(config_, next.config))
    needs += why + "\n";
  if (!needs.empty()) return keep_old(needs);
  log_warnings(next);
  if (auto status = apply(std::move(next.config)); !status) return keep_old(status.error().message);
  log(LogLevel::info, "config", "reloaded", {{"file", file_.string()}});
  engine_->audit(config_line(clock_, "reloaded", config_));
}

// Registries are asked in the new way before anything is decided anew. A client whose options are
// the same goes on: it knows tokens, and who asked for time.
Status Service::apply(Config next) {
  const auto targets = targets_for(next);
  std::shared_ptr<RegistryClient> former;
  if (next.registries != config_.registries ||
      reads_pull_secrets(next) != reads_pull_secrets(config_)) {
    former = resolver_->configure(client_for(next));
  }
  auto status = engine_->reconfigure(next.pipeline, targets);
  if (!status) {
    if (former) resolver_->configure(std::move(former));
    return status;
  }
  remember(next, targets);
  if (former) engine_->registries_changed();
  hooks_->configure(share(next.receiver));
  config_ = std::move(next);
  return Done{};
}

void Service::keep_old(const std::string& why) {
  log(LogLevel::error, "config", "the new configuration is not used, the old one stays: " + why);
  AuditEntry line = config_line(clock_, "reload-refused", config_);
  line.error = why;
  engine_->audit(std::move(line));
}

void Service::stop(std::chrono::milliseconds grace) {
  watcher_.reset();
  if (server_) server_->stop(grace);
  if (engine_) {
    engine_->drain(grace);
    engine_->stop();
  }
  if (control_server_) control_server_->stop(std::chrono::milliseconds{0});
}

}  // namespace longshore
