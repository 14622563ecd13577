// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pipeline/intake.h"
#include "pipeline/time.h"
#include "receiver/listener.h"
#include "receiver/request_reader.h"
#include "receiver/worker_pool.h"

struct epoll_event;

namespace longshore {

struct HttpLoopSettings {
  std::size_t max_body_bytes = 0;
  std::size_t max_in_flight_bytes = 0;          // bodies of all requests together; above: 503
  std::size_t max_connections = 0;              // above, the one that was idle longest is closed
  std::chrono::milliseconds head_timeout{};     // from the first byte of a request; then 408
  std::chrono::milliseconds request_timeout{};  // likewise, with its body
  std::chrono::milliseconds write_timeout{};
  std::chrono::milliseconds idle_timeout{};
  std::chrono::milliseconds durable_timeout{};  // a reply that waits longer for the disk: 503
};

// What the loop asks for replies.
struct HttpLoopCallbacks {
  // On a worker's thread, or on the loop's own if is_quick() said that it may be.
  std::function<ReadyReply(const WholeRequest&, std::string_view address, AfterReply)> serve;
  std::function<bool(const WholeRequest&)> is_quick;
  // The reply to a request that was refused before it was whole, or that could not be kept; its
  // connection is closed. On a worker's thread.
  std::function<std::string(const Refusal&, std::string_view address)> refuse;
  // As Intake::durable().
  std::function<Status(Seq)> durable;
};

// Reads requests from all connections of one listener, has them served by a pool of workers, and
// writes the replies: one thread on one epoll set, so that a connection that is idle or slow, or
// whose reply waits for the disk, costs memory and no thread. Requests of one connection are served
// one by one, in their order.
//
// Threads: run() is the loop, on a thread of its own; stop() and durable_moved() are safe from
// every thread. All members belong to the loop's thread but `done_`, `stopping_` and `awake_`; a
// connection belongs to the worker while it is `working`.
class HttpLoop final : public DurableWatcher {
 public:
  HttpLoop(Listener listener, const HttpLoopSettings& settings, HttpLoopCallbacks callbacks,
           WorkerPool& pool);
  ~HttpLoop();

  // io: the operating system gives no epoll set.
  Status open();
  // Returns after stop(), once no request is being served.
  void run();
  // Takes no new connections and closes idle ones at once; requests that have begun may finish
  // within the grace period, and are then closed. One that a worker is serving, or whose reply
  // waits for the disk, is waited for.
  void stop(std::chrono::milliseconds grace);
  // Some replies may be sent now.
  void durable_moved() noexcept override { wake(); }

 private:
  enum class State { reading, working, settling, writing, lingering, closed };

  struct Connection {
    Connection(Fd socket, std::size_t max_body_bytes)
        : fd(std::move(socket)), reader(max_body_bytes) {}
    Fd fd;
    std::string address;
    State state = State::reading;
    RequestReader reader;
    WholeRequest request;      // being served
    bool in_request = false;   // a byte of it has come
    bool registered = false;   // in the epoll set
    bool close_after = false;  // the reply that is being made or written is the last
    SteadyTime since;          // in this request, or idle
    SteadyTime deadline;
    std::size_t charged = 0;  // its part of in_flight_bytes_
    std::string out;
    Seq durable_after = 0;  // what `out` waits for while it is `settling`
    std::size_t sent = 0;
    std::size_t linger_left = 0;
  };
  using Job = std::function<ReadyReply()>;

  void handle(const epoll_event& event);
  void accept_all();
  void add_connection(Fd fd, std::string address);
  bool evict_oldest_idle();
  void on_readable(Connection& connection);
  void progress(Connection& connection);
  bool charge(Connection& connection);
  void release(Connection& connection);
  void start_work(Connection& connection);
  void refuse(Connection& connection, Refusal refusal);
  void submit(Connection& connection, Job job);
  void take_finished();
  void finish(Connection& connection, ReadyReply reply);
  void release_settled();
  void send_reply(Connection& connection);
  void flush(Connection& connection);
  void after_reply(Connection& connection);
  void discard(Connection& connection);
  void arm(Connection& connection, unsigned events);
  void close(Connection& connection);
  void check_deadlines(SteadyTime time);
  void on_deadline(Connection& connection);
  bool wind_down(SteadyTime time);
  void listen(bool on);
  void wake() noexcept;

  Listener listener_;
  const HttpLoopSettings settings_;
  const HttpLoopCallbacks callbacks_;
  WorkerPool& pool_;
  Fd epoll_;
  Fd wake_;
  bool listening_ = false;
  std::unordered_map<const Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;  // until this turn's events are handled
  std::size_t in_flight_bytes_ = 0;
  std::size_t working_ = 0;
  // Replies that are made and wait for the disk.
  std::set<std::pair<Seq, Connection*>> settling_;
  std::vector<std::pair<Connection*, ReadyReply>> quick_;  // replies made on the loop's thread
  std::array<char, 64U << 10> buffer_{};

  std::mutex mutex_;
  std::vector<std::pair<Connection*, ReadyReply>> done_;  // guarded by mutex_: replies to write
  std::atomic<bool> awake_ = false;  // the loop has been woken, and not yet seen it
  std::atomic<bool> stopping_ = false;
  std::atomic<SteadyTime> stop_at_ = SteadyTime::max();
};

}  // namespace longshore
