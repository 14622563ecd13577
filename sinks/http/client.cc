// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/client.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "sinks/http/transfer.h"

namespace longshore {

namespace {

constexpr std::size_t kMaxWaiting = 1U << 20;  // bytes of one stream that its reader has not taken

}  // namespace

// What its caller waits for. On the caller's stack: the loop does not touch it after `result` is
// set, which it does under the mutex.
struct HttpClient::Call {
  explicit Call(Transfer& its_transfer) : transfer(its_transfer) {}
  Transfer& transfer;
  // guarded by the loop's mutex
  bool cancelled = false;
  std::optional<Result<HttpAnswer>> result;
  std::condition_variable changed;  // there is a result, or bytes
  // of a stream
  HttpAnswer head;  // not changed once there are bytes
  std::string bytes;
  enum class Flow { runs, paused, resumes } flow = Flow::runs;
};

class HttpClient::Loop {
 public:
  explicit Loop(const HttpClientOptions& options) : multi_(curl_multi_init()) {
    if (multi_ == nullptr) return;
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options.connections_per_host));  // 0: no limit
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options.idle_connections));
    thread_ = std::thread([this] { run(); });
  }
  ~Loop() {
    if (multi_ == nullptr) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      curl_multi_wakeup(multi_);
    }
    thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Result<HttpAnswer> run_call(Call& call, const std::stop_token& stop) {
    if (multi_ == nullptr) return Error{Errc::io, "libcurl could not be started"};
    if (!enter(call)) return call.transfer.error(Errc::unavailable, kStopping);
    wait(call, stop);
    return leave(call);
  }

  Result<HttpAnswer> run_stream(Call& call, const OnBytes& on_bytes, const std::stop_token& stop) {
    if (multi_ == nullptr) return Error{Errc::io, "libcurl could not be started"};
    if (!enter(call)) return call.transfer.error(Errc::unavailable, kStopping);
    bool wants_more = true;
    {
      const std::stop_callback on_stop(stop, [&] { cancel(call); });
      while (const auto bytes = take(call)) {
        wants_more = on_bytes(call.head, *bytes);
        if (!wants_more) break;
      }
    }
    if (wants_more) return leave(call);
    cancel(call);
    auto ended = leave(call);
    return std::move(call.head);
  }

  // For the transfer of a stream, on the loop's thread. False if that is too much now: then it is
  // paused, and goes on once the reader has taken what there is.
  bool put(Call& call, const HttpAnswer& head, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (!call.bytes.empty() && call.bytes.size() + bytes.size() > kMaxWaiting) {
      call.flow = Call::Flow::paused;
      return false;
    }
    if (call.head.status == 0) call.head = head;
    call.bytes.append(bytes);
    call.changed.notify_one();
    return true;
  }

 private:
  static constexpr std::string_view kStopping = "given up: the program stops";
  static constexpr std::chrono::milliseconds kIdleWait{60'000};

  bool enter(Call& call) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    ++callers_;
    queue_.push_back(&call);
    curl_multi_wakeup(multi_);
    return true;
  }
  void cancel(Call& call) {
    const std::lock_guard lock(mutex_);
    call.cancelled = true;
    curl_multi_wakeup(multi_);
  }
  // The loop ends every call at its deadline at the latest.
  void wait(Call& call, const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [&] { cancel(call); });
    std::unique_lock lock(mutex_);
    call.changed.wait(lock, [&] { return call.result.has_value(); });
  }
  Result<HttpAnswer> leave(Call& call) {
    std::unique_lock lock(mutex_);
    call.changed.wait(lock, [&] { return call.result.has_value(); });
    if (--callers_ == 0) left_.notify_all();
    return *std::move(call.result);
  }
  // The next bytes of a stream; nothing once there will be none.
  std::optional<std::string> take(Call& call) {
    std::unique_lock lock(mutex_);
    call.changed.wait(
        lock, [&] { return call.result.has_value() || (!call.cancelled && !call.bytes.empty()); });
    if (call.cancelled || call.bytes.empty()) return std::nullopt;
    if (call.flow == Call::Flow::paused) {
      call.flow = Call::Flow::resumes;
      curl_multi_wakeup(multi_);
    }
    return std::exchange(call.bytes, {});
  }

  void run() {
    ignore_broken_pipes();
    while (take_new()) {
      resume();
      int running = 0;
      curl_multi_perform(multi_, &running);
      collect();
      end_overdue();
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(next_wait().count()), nullptr);
    }
    while (!active_.empty())
      finish(*active_.back(), active_.back()->transfer.error(Errc::unavailable, kStopping));
    std::unique_lock lock(mutex_);
    left_.wait(lock, [this] { return callers_ == 0; });
    curl_multi_cleanup(multi_);  // here: it says good-bye on connections that may be gone
  }

  // Writing TLS to a connection that is gone raises SIGPIPE on the thread that writes; libcurl only
  // deals with it where it may touch the handlers of the whole process.
  static void ignore_broken_pipes() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  }

  // False when it is time to stop; what came last is among the active ones all the same.
  bool take_new() {
    const std::lock_guard lock(mutex_);
    for (Call* call : queue_) {
      curl_easy_setopt(call->transfer.handle(), CURLOPT_PRIVATE, call);
      curl_multi_add_handle(multi_, call->transfer.handle());
      active_.push_back(call);
    }
    queue_.clear();
    return !stopping_;
  }

  void resume() {
    for (Call* call : active_) {
      if (is_to_resume(*call)) curl_easy_pause(call->transfer.handle(), CURLPAUSE_CONT);
    }
  }

  bool is_to_resume(Call& call) {
    const std::lock_guard lock(mutex_);
    if (call.flow != Call::Flow::resumes) return false;
    call.flow = Call::Flow::runs;
    return true;
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;  // the message does not outlive its handle
      char* found = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &found);
      auto* call = reinterpret_cast<Call*>(found);
      finish(*call, call->transfer.answer(code));
    }
  }

  void end_overdue() {
    const SteadyTime now = std::chrono::steady_clock::now();
    const std::vector<Call*> all = active_;
    for (Call* call : all) {
      if (call->transfer.deadline() <= now) {
        finish(*call, call->transfer.error(Errc::unavailable, "no answer in time"));
      } else if (is_cancelled(*call)) {
        finish(*call, call->transfer.error(Errc::unavailable, kStopping));
      }
    }
  }

  bool is_cancelled(const Call& call) {
    const std::lock_guard lock(mutex_);
    return call.cancelled;
  }

  std::chrono::milliseconds next_wait() const {
    std::chrono::milliseconds wait = kIdleWait;
    const SteadyTime now = std::chrono::steady_clock::now();
    for (const Call* call : active_) {
      wait = std::min(
          wait, std::chrono::ceil<std::chrono::milliseconds>(call->transfer.deadline() - now));
    }
    return std::max(wait, std::chrono::milliseconds{0});
  }

  void finish(Call& call, Result<HttpAnswer> result) {
    curl_multi_remove_handle(multi_, call.transfer.handle());
    active_.erase(std::find(active_.begin(), active_.end(), &call));
    const std::lock_guard lock(mutex_);
    call.result = std::move(result);
    call.changed.notify_one();  // under the lock: the call may be gone right after it
  }

  CURLM* const multi_;
  std::thread thread_;
  std::mutex mutex_;
  // guarded by mutex_
  std::vector<Call*> queue_;
  std::size_t callers_ = 0;
  bool stopping_ = false;
  std::condition_variable left_;
  // the loop's thread only
  std::vector<Call*> active_;
};

HttpClient::HttpClient(HttpClientOptions options)
    : options_(options), requests_(std::make_unique<Loop>(options)) {}
HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::send(const OutboundRequest& request, const std::stop_token& stop) {
  Transfer transfer(request, std::chrono::steady_clock::now());
  if (auto prepared = transfer.prepare(); !prepared) return std::move(prepared).error();
  Call call(transfer);
  return requests_->run_call(call, stop);
}

Result<HttpAnswer> HttpClient::stream(const OutboundRequest& request, const OnBytes& on_bytes,
                                      const std::stop_token& stop) {
  std::call_once(streams_begun_, [this] {
    HttpClientOptions unlimited = options_;
    unlimited.connections_per_host = 0;
    streams_ = std::make_unique<Loop>(unlimited);
  });
  Transfer transfer(request, std::chrono::steady_clock::now());
  Call call(transfer);
  transfer.stream_to([&](const HttpAnswer& head, std::string_view bytes) {
    return streams_->put(call, head, bytes);
  });
  if (auto prepared = transfer.prepare(); !prepared) return std::move(prepared).error();
  return streams_->run_stream(call, on_bytes, stop);
}

}  // namespace longshore
