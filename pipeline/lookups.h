// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "pipeline/event.h"
#include "pipeline/resolver.h"

namespace longshore {

// What has to be known before a tag is used: its digest, by the registry's own word.
struct LookupQuestion {
  Repository repository;
  Tag tag;
  Seq seq = 0;                      // of the event that last spoke of the tag
  std::optional<Digest> announced;  // by that event
  std::optional<Digest> before;     // what the tag named until then, where it is known
};

struct LookupAnswer {
  std::optional<Digest> digest;  // none: the registry has no such tag
  std::string note;              // what differs from the notification, for the audit; may be empty
};

// Asks registries about tags, so that no lane waits for one: a lane asks here, is told "not yet",
// goes on, and is called again when there is an answer.
//
// Registries announce a tag before it can be read (distribution does), and proxies keep old
// answers. So an answer that is not what was announced, "no such tag", and for an announcement
// without a digest the digest of before, are asked for again after 0.1, 0.3, 1, 3 and 10 s; then
// what the registry says counts. A new event of the tag begins this anew, and an answer to what was
// asked before it is never used.
//
// Each registry has its own threads, at most kThreadsPerHost. One that does not answer is asked by
// one of them at a time, each time after a longer wait (1 s to 60 s, or what it demanded), until it
// does. So it holds up nothing but its own repositories.
//
// Nothing is stored: the history keeps what is not verified, and every start asks again.
//
// Threads: every function is safe from every thread. The hooks are called from its threads, without
// a lock held. Lifetime: the resolver outlives it, what the hooks use lives until stop().
class Lookups {
 public:
  struct Hooks {
    // There is an answer, or another reason to wait: decide the repository again.
    std::function<void(const Repository&)> on_news;
    // Asking about the tag failed, for the first time or in a new way.
    std::function<void(const Repository&, const Tag&, const Error&)> on_failure;
  };
  // resolver: null where registries cannot be asked; then nothing is ever answered.
  Lookups(Resolver* resolver, Hooks hooks);
  ~Lookups();  // stop()

  struct Reply {
    std::optional<LookupAnswer> answer;
    std::string pending;  // without an answer: why not yet
  };
  // Never waits. An answer is given out once.
  Reply ask(const LookupQuestion& question);
  // Of the repository's tags only these are still of interest.
  void keep_only(const Repository& repository, const std::set<Tag>& tags);
  // Credentials or addresses may be others now: whatever failed is asked at once, and so is what
  // is being asked now, if that fails.
  void retry_all();
  // Ends calls that are under way, with the resolver's stop().
  void stop();

  std::size_t waiting() const;  // questions without an answer

  static constexpr unsigned kThreadsPerHost = 4;

 private:
  struct Entry;
  struct Host;
  void work(Host& host, const std::stop_token& stop);
  std::shared_ptr<Entry> next(Host& host, std::unique_lock<std::mutex>& lock,
                              const std::stop_token& stop);
  // All with mutex_ held.
  Host& host_of(const Repository& repository);
  void schedule(Host& host, const std::shared_ptr<Entry>& entry, SteadyTime due);
  bool is_current(const std::shared_ptr<Entry>& entry) const;
  // True: there is news of it.
  bool settle(Host& host, const std::shared_ptr<Entry>& entry, const Result<Digest>& result);
  bool settle_failure(Host& host, const std::shared_ptr<Entry>& entry, const Error& error);

  // Constant after construction
  Resolver* const resolver_;
  const Hooks hooks_;

  mutable std::mutex mutex_;
  // guarded by mutex_
  std::unordered_map<Repository, std::map<Tag, std::shared_ptr<Entry>>> entries_;
  std::map<std::string, std::unique_ptr<Host>, std::less<>> hosts_;
  std::size_t retries_ = 0;  // calls of retry_all()
  bool stopping_ = false;
};

}  // namespace longshore
