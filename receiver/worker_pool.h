// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace longshore {

// A few threads that run jobs in the order in which they came. The queue is bounded; threads are
// made when there is work for them, up to the limit, and stay.
//
// Threads: submit() is safe from every thread; stop() is called once, by the owner.
class WorkerPool {
 public:
  WorkerPool(std::size_t max_threads, std::size_t max_queued);
  ~WorkerPool();

  // False, and nothing is kept of the job, if the queue is full or stop() was called. Jobs never
  // throw.
  bool submit(std::function<void()> job);
  // Runs what is queued, then ends the threads.
  void stop() noexcept;

 private:
  void run();

  const std::size_t max_threads_;
  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_:
  std::deque<std::function<void()>> jobs_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace longshore
