// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/resolver.h"

namespace longshore::test {

// Registries in memory. A tag answers what was scripted for it, one answer after the other, the
// last one for ever; a host can hang, or fail. Threads: safe from every thread.
class FakeResolver final : public Resolver {
 public:
  // -- for the test; image: "registry.example.com/app:1.0"
  void answer(const std::string& image, Result<Digest> result) {
    const std::lock_guard lock(mutex_);
    answers_[image].push_back(std::move(result));
  }
  void answer(const std::string& image, const std::string& digest) {
    answer(image, *Digest::parse(digest));
  }
  void list(const std::string& repository, std::vector<std::vector<std::string>> pages) {
    const std::lock_guard lock(mutex_);
    pages_[repository] = std::move(pages);
  }
  void make_for(const std::string& digest, const std::string& platform) {
    const std::lock_guard lock(mutex_);
    platforms_[digest].insert(platform);
  }
  void drop(const std::string& digest) {
    const std::lock_guard lock(mutex_);
    gone_.insert(digest);
  }
  void hang(const std::string& host) {
    const std::lock_guard lock(mutex_);
    hanging_.insert(host);
  }
  void fail(const std::string& host, Error error) {
    const std::lock_guard lock(mutex_);
    failing_.insert_or_assign(host, std::move(error));
  }
  void mend(const std::string& host) {
    const std::lock_guard lock(mutex_);
    hanging_.erase(host);
    failing_.erase(host);
    changed_.notify_all();
  }
  std::size_t asked(const std::string& image) const {
    const std::lock_guard lock(mutex_);
    const auto at = asked_.find(image);
    return at == asked_.end() ? 0 : at->second;
  }
  std::size_t most_at_once() const {
    const std::lock_guard lock(mutex_);
    return most_;
  }

  // -- Resolver
  Result<Digest> resolve(const Repository& repository, const Tag& tag) override {
    const std::string image = repository.str() + ":" + tag.str();
    std::unique_lock lock(mutex_);
    ++asked_[image];
    if (auto status = reach(repository, lock); !status) return std::move(status).error();
    auto& script = answers_[image];
    if (script.empty()) return Error{Errc::not_found, "no such tag"};
    Result<Digest> result = script.front();
    if (script.size() > 1) script.pop_front();
    return result;
  }
  // A digest is there unless it was said to be gone.
  Status find(const Repository& repository, const Digest& digest) override {
    std::unique_lock lock(mutex_);
    ++asked_[repository.str() + "@" + digest.str()];
    if (auto status = reach(repository, lock); !status) return status;
    if (gone_.contains(digest.str())) return Error{Errc::not_found, "no such digest"};
    return Done{};
  }
  Result<std::set<std::string>> platforms(const Repository&, const Digest& digest) override {
    const std::lock_guard lock(mutex_);
    const auto at = platforms_.find(digest.str());
    return at == platforms_.end() ? std::set<std::string>() : at->second;
  }
  Status list_tags(const Repository& repository, const OnTags& on_tags) override {
    std::unique_lock lock(mutex_);
    ++asked_[repository.str()];
    if (auto status = reach(repository, lock); !status) return status;
    const auto pages = pages_[repository.str()];
    lock.unlock();
    for (const auto& page : pages) {
      std::vector<Tag> tags;
      for (const std::string& tag : page)
        tags.push_back(*Tag::parse(tag));
      if (auto status = on_tags(std::move(tags)); !status) return status;
    }
    return Done{};
  }
  std::optional<SteadyTime> busy_until(const std::string&) override { return std::nullopt; }
  void stop() noexcept override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  Status reach(const Repository& repository, std::unique_lock<std::mutex>& lock) {
    const std::string host(repository.host());
    most_ = std::max(most_, ++inside_);
    changed_.wait(lock, [&] { return stopped_ || !hanging_.contains(host); });
    --inside_;
    if (stopped_) return Error{Errc::unavailable, "stopped"};
    const auto at = failing_.find(host);
    if (at != failing_.end()) return at->second;
    return Done{};
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::deque<Result<Digest>>> answers_;
  std::map<std::string, std::vector<std::vector<std::string>>> pages_;
  std::map<std::string, std::size_t> asked_;
  std::map<std::string, Error> failing_;
  std::set<std::string> hanging_, gone_;
  std::map<std::string, std::set<std::string>> platforms_;
  std::size_t inside_ = 0, most_ = 0;
  bool stopped_ = false;
};

}  // namespace longshore::test
