// SPDX-License-Identifier: Apache-2.0
#include "receiver/http_server.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include <sys/resource.h>

#include "receiver/http_loop.h"
#include "receiver/httplib_bridge.h"
#include "receiver/replies.h"
#include "receiver/worker_pool.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxConnections = 16'384;
// A larger body takes long enough to read that others should not wait for it.
constexpr std::size_t kQuickBody = 64U << 10;

// A quarter of the files that we may open is left to the store, the targets and the registries.
std::size_t connection_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 512;
  return static_cast<std::size_t>(std::min<rlim_t>(files.rlim_cur / 4 * 3, kMaxConnections));
}

HttpLoopSettings settings_of(const ReceiverOptions& options) {
  HttpLoopSettings settings;
  settings.max_body_bytes = options.max_body_bytes;
  settings.max_in_flight_bytes = options.max_in_flight_bytes;
  settings.max_connections = connection_limit();
  settings.head_timeout = options.read_timeout;
  settings.request_timeout = 2 * options.read_timeout;
  settings.write_timeout = options.read_timeout;
  settings.idle_timeout = options.idle_timeout;
  settings.durable_timeout = options.durable_timeout;
  return settings;
}

void add_retry_after(HttpReply& reply) {
  if (reply.status != 503 || find_header(reply.headers, "Retry-After")) return;
  reply.headers.emplace_back("Retry-After", "5");
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(Listener listener, const ReceiverOptions& options, Intake& intake, HttpService service)
      : port_(listener.port()),
        intake_(intake),
        service_(std::move(service)),
        bridge_([this](const HttpRequest& request) { return service_.handle(request); },
                std::chrono::duration_cast<std::chrono::seconds>(options.idle_timeout)),
        pool_(static_cast<std::size_t>(std::max(options.worker_threads, 1)), kMaxConnections),
        loop_(std::move(listener), settings_of(options), callbacks(), pool_) {}

  ~Impl() { stop(std::chrono::milliseconds{0}); }

  Status start() {
    if (auto opened = loop_.open(); !opened) return opened;
    intake_.watch(loop_);
    thread_ = std::thread([this] { loop_.run(); });
    return Done{};
  }

  void stop(std::chrono::milliseconds grace) {
    const std::lock_guard lock(stop_mutex_);
    if (!thread_.joinable()) return;
    loop_.stop(grace);
    thread_.join();
    intake_.unwatch(loop_);
    pool_.stop();
  }

  std::uint16_t port() const noexcept { return port_; }

 private:
  HttpLoopCallbacks callbacks() {
    return {[this](const WholeRequest& request, std::string_view address, AfterReply then) {
              return bridge_.respond(request, address, then);
            },
            [this](const WholeRequest& request) {
              return request.body.size() <= kQuickBody && service_.is_quick(request.head.target);
            },
            [this](const Refusal& refusal, std::string_view address) {
              HttpReply reply = service_.refuse(refusal.status, refusal.reason, address);
              add_retry_after(reply);
              return bridge_.format(reply, AfterReply::close);
            },
            [this](Seq seq) { return intake_.durable(seq); }};
  }

  const std::uint16_t port_;
  Intake& intake_;
  const HttpService service_;
  HttplibBridge bridge_;
  WorkerPool pool_;
  HttpLoop loop_;
  std::mutex stop_mutex_;
  std::thread thread_;  // guarded by stop_mutex_
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const noexcept {
  return impl_->port();
}

void HttpServer::stop(std::chrono::milliseconds grace) {
  impl_->stop(grace);
}

Result<std::unique_ptr<HttpServer>> HttpServer::start_tcp(const std::string& host,
                                                          std::uint16_t port,
                                                          const ReceiverOptions& options,
                                                          Intake& intake, HttpService service) {
  auto listener = Listener::tcp(host, port, options.listen_backlog);
  if (!listener) return std::move(listener).error();
  auto impl = std::make_unique<Impl>(*std::move(listener), options, intake, std::move(service));
  if (auto started = impl->start(); !started) return std::move(started).error();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

Result<std::unique_ptr<HttpServer>> HttpServer::start_unix(const std::filesystem::path& path,
                                                           const ReceiverOptions& options,
                                                           Intake& intake, HttpService service) {
  auto listener = Listener::unix_socket(path, options.listen_backlog);
  if (!listener) return std::move(listener).error();
  auto impl = std::make_unique<Impl>(*std::move(listener), options, intake, std::move(service));
  if (auto started = impl->start(); !started) return std::move(started).error();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace longshore
