// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/event.h"
#include "pipeline/result.h"

namespace longshore {

// What accepting one notification led to.
struct Accepted {
  EventId id;              // of its first event; for a duplicate, of the event that it repeats
  std::size_t stored = 0;  // events that will be in the store
  std::size_t duplicates = 0;
  Seq durable_after = 0;  // no 2xx before this seq is durable
};

// A kind of noise that is counted in /metrics and not stored.
enum class Noise { pull, blob, untagged, other };

// Is told when more has become durable, or nothing will any more. The call comes from the thread
// that commits, which goes on only after it: it returns at once.
class DurableWatcher {
 public:
  virtual void durable_moved() noexcept = 0;

 protected:
  ~DurableWatcher() = default;
};

// Where the receiver hands over what it has admitted; the pipeline's front door.
//
// Threads: every function is safe from every thread; accept() never blocks on the disk.
class Intake {
 public:
  virtual ~Intake() = default;

  // Gives each event its seq and queues them for the store as one, all or none. Events whose
  // delivery key was seen within the window are dropped and counted as duplicates.
  // busy: the queue or the backlog is full. unavailable: the store has failed or is closing.
  // Nothing is kept of a notification that was not accepted.
  virtual Result<Accepted> accept(std::vector<Event> events) = 0;

  // Whether the seq is durable. busy: not yet. unavailable: the store has failed; what is not
  // durable now may still be.
  virtual Status durable(Seq seq) const = 0;
  // The watcher is told until unwatch() has returned.
  virtual void watch(DurableWatcher& watcher) = 0;
  virtual void unwatch(DurableWatcher& watcher) = 0;

  // A refused request: audited as one line per (source, reason, address) and minute, with a count.
  // Neither text may hold a secret. Returns the id of that line, for the reply: the same for all
  // requests that the line counts.
  virtual Ulid refused(const std::string& source, const std::string& reason,
                       const std::string& address) = 0;

  // A notification's fact that is not stored.
  virtual void noise(const std::string& source, Noise kind) = 0;
};

}  // namespace longshore
