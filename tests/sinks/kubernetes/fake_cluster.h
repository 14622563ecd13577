// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "pipeline/url_text.h"
#include "tests/support/http_stub.h"

namespace longshore::test {

// The lists and watches of one kind of an API server, with its rules: one counter of versions,
// pages that show the state at their first, watches that send what happened since, 410 for what is
// compacted away. Answers out of the ordinary are put in a queue and used up before that.
class FakeCluster {
 public:
  using Answer = std::function<StubReply(const StubRequest&)>;

  void apply(const std::string& name, const std::string& image) {
    const std::lock_guard lock(mutex_);
    const std::string json = object(name, image, ++version_);
    const bool is_new = objects_.insert_or_assign(name, json).second;
    log_.push_back({version_, event(is_new ? "ADDED" : "MODIFIED", json)});
    changed_.notify_all();
  }
  void remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    objects_.erase(name);
    log_.push_back({++version_, event("DELETED", object(name, "a/b:0", version_))});
    changed_.notify_all();
  }
  // A line that tells no more than a version, a new one.
  std::string bookmark() {
    const std::lock_guard lock(mutex_);
    return event("BOOKMARK",
                 R"({"metadata":{"resourceVersion":")" + std::to_string(++version_) + "\"}}");
  }
  // What happened until now can no longer be watched.
  void compact() {
    const std::lock_guard lock(mutex_);
    log_.clear();
    oldest_ = version_;
  }
  // An older state, with lower versions, and no word of it.
  void restore(const std::map<std::string, std::string>& images) {
    const std::lock_guard lock(mutex_);
    version_ = 1;
    oldest_ = 1;
    log_.clear();
    objects_.clear();
    for (const auto& [name, image] : images) {
      ++version_;
      objects_[name] = object(name, image, version_);
    }
    cut_watches();
  }
  // The next list (watch) that is asked for is answered so.
  void next_list(Answer answer) {
    const std::lock_guard lock(mutex_);
    lists_.push_back(std::move(answer));
  }
  void next_watch(Answer answer) {
    const std::lock_guard lock(mutex_);
    watches_.push_back(std::move(answer));
    cut_watches();
  }
  bool used_up() const {
    const std::lock_guard lock(mutex_);
    return lists_.empty() && watches_.empty() && answering_ == 0;
  }
  // Ends the watches that are under way, so that the stub can end.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // What a list without pages tells.
  std::string whole_list() {
    const std::lock_guard lock(mutex_);
    return list("limit=100000").body;
  }

  StubReply answer(const StubRequest& request) {
    const std::string query = request.target.substr(request.target.find('?') + 1);
    const bool watches = form_value(query, "watch", Plus::itself).has_value();
    std::unique_lock lock(mutex_);
    auto& queue = watches ? watches_ : lists_;
    if (!queue.empty()) {
      const Answer special = queue.front();
      queue.pop_front();
      ++answering_;
      lock.unlock();
      StubReply reply = special(request);
      lock.lock();
      --answering_;
      return reply;
    }
    if (!watches) return list(query);
    return watch(number(query, "resourceVersion"), number(query, "timeoutSeconds"));
  }

  static std::string object(const std::string& name, const std::string& image,
                            std::uint64_t version) {
    return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","uid":")" + name +
           R"(","resourceVersion":")" + std::to_string(version) +
           R"("},"spec":{"template":{"spec":{"containers":[{"name":"app","image":")" + image +
           R"("}]}}}})";
  }
  static std::string event(const std::string& type, const std::string& object) {
    return R"({"type":")" + type + R"(","object":)" + object + "}\n";
  }
  static StubReply failure(int status, const std::string& message, HttpFields fields = {}) {
    return StubReply{status, std::move(fields),
                     R"({"kind":"Status","status":"Failure","message":")" + message +
                         R"(","code":)" + std::to_string(status) + "}"};
  }

 private:
  struct Logged {
    std::uint64_t version;
    std::string line;
  };

  static std::uint64_t number(const std::string& query, const char* name) {
    const auto text = form_value(query, name, Plus::itself);
    return text ? std::stoull(*text) : 0;
  }
  // REQUIRES: mutex_ held
  void cut_watches() {
    ++cuts_;
    changed_.notify_all();
  }
  // REQUIRES: mutex_ held
  StubReply list(const std::string& query) {
    const auto token = form_value(query, "continue", Plus::itself);
    if (!token) {
      pages_.clear();
      for (const auto& [name, json] : objects_)
        pages_.push_back(json);
      page_version_ = version_;
    }
    const std::size_t begin = token ? std::stoull(*token) : 0;
    const std::size_t end = std::min(pages_.size(), begin + number(query, "limit"));
    std::string body = R"({"metadata":{"resourceVersion":")" + std::to_string(page_version_) + "\"";
    if (end < pages_.size()) body += R"(,"continue":")" + std::to_string(end) + "\"";
    body += R"(},"items":[)";
    for (std::size_t i = begin; i < end; ++i)
      body += (i == begin ? "" : ",") + pages_[i];
    return StubReply{200, {}, body + "]}"};
  }
  // REQUIRES: mutex_ held
  StubReply watch(std::uint64_t from, std::uint64_t time) {
    if (from < oldest_) {
      return StubReply{200, {}, event("ERROR", failure(410, "too old resource version").body)};
    }
    StubReply reply;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{time};
    reply.stream = [this, from, until, cuts = cuts_](const StubReply::Send& send) {
      return follow(from, until, cuts, send);
    };
    return reply;
  }
  // Whether it ended in its time. cuts: when it was asked for.
  bool follow(std::uint64_t from, std::chrono::steady_clock::time_point until, std::size_t cuts,
              const StubReply::Send& send) {
    std::unique_lock lock(mutex_);
    while (!closed_ && cuts == cuts_ && from >= oldest_) {
      if (std::chrono::steady_clock::now() > until) return true;
      std::string lines;
      for (const Logged& logged : log_) {
        if (logged.version <= from) continue;
        lines += logged.line;
        from = logged.version;
      }
      if (lines.empty()) {
        changed_.wait_for(lock, std::chrono::milliseconds{20});
        continue;
      }
      lock.unlock();
      if (!send(lines)) return false;
      lock.lock();
    }
    return closed_;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  std::uint64_t version_ = 1;
  std::uint64_t oldest_ = 1;  // the oldest version that can be watched from
  std::map<std::string, std::string> objects_;
  std::vector<Logged> log_;
  std::vector<std::string> pages_;  // of the list that is being read
  std::uint64_t page_version_ = 0;
  std::deque<Answer> lists_;
  std::deque<Answer> watches_;
  std::size_t answering_ = 0;  // of those answers
  std::size_t cuts_ = 0;
  bool closed_ = false;
};

}  // namespace longshore::test
