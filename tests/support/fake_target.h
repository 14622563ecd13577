// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "pipeline/target.h"

namespace longshore::test {

// A target in memory. It does what is asked unless a scripted delivery comes first, and can be
// corked: then deliver() waits. It may have rollouts, which are what the test has said of their
// image ("acme/shop:1.4.2"), and progress until it has. Threads: safe from every thread.
class FakeTarget final : public Target {
 public:
  enum class Rollouts { none, watched };
  explicit FakeTarget(std::string name, Rollouts rollouts = Rollouts::none)
      : name_(std::move(name)), rollouts_(rollouts) {}

  // -- for the test
  void put(const std::string& id, const std::string& image, const std::string& policy) {
    auto workload = std::make_shared<Workload>();
    workload->target = name_;
    workload->id = id;
    workload->containers.push_back({"web", *ImageRef::parse(image)});
    if (!policy.empty()) workload->annotations["longshore.dev/policy"] = policy;
    change(id, std::move(workload));
  }
  // One that is restarted for each new digest of its tag.
  void put_restarting(const std::string& id, const std::string& image) {
    auto workload = std::make_shared<Workload>();
    workload->target = name_;
    workload->id = id;
    workload->containers.push_back({"web", *ImageRef::parse(image)});
    workload->annotations["longshore.dev/policy"] = "digest";
    workload->annotations["longshore.dev/pin"] = "tag";
    workload->restarts = true;
    change(id, std::move(workload));
  }
  std::string image(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return workloads_.at(id)->containers.front().image.str();
  }
  void script(Delivery delivery) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(delivery));
  }
  void roll_out(const std::string& image, RolloutSight sight) {
    std::vector<std::string> ids;
    TargetListener* listener = nullptr;
    {
      const std::lock_guard lock(mutex_);
      sights_.insert_or_assign(image, std::move(sight));
      listener = listener_;
      for (const auto& [id, workload] : workloads_)
        ids.push_back(id);
    }
    for (const std::string& id : ids) {
      if (listener) listener->rollout_moved(name_, id);
    }
  }
  // What all instances of every workload say they run in that container.
  void run(const std::string& container, const std::string& digest) {
    const std::lock_guard lock(mutex_);
    running_.insert_or_assign(container, *Digest::parse(digest));
  }
  void may_run_on(const std::string& platform) {
    const std::lock_guard lock(mutex_);
    platforms_.insert(platform);
  }
  void cork() { set_corked(Corked::yes); }
  void uncork() { set_corked(Corked::no); }
  int attempts() const {
    const std::lock_guard lock(mutex_);
    return attempts_;
  }
  // Every image that was written, in order.
  std::vector<std::string> writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  std::size_t applied() const { return writes().size(); }
  void set_synced() {
    TargetListener* listener = nullptr;
    {
      const std::lock_guard lock(mutex_);
      synced_ = true;
      listener = listener_;
    }
    if (listener) listener->target_synced(name_);
  }
  void set_unsynced() {
    const std::lock_guard lock(mutex_);
    synced_ = false;
  }

  // -- Target
  const std::string& name() const noexcept override { return name_; }
  std::string_view type() const noexcept override { return "fake"; }
  Status start(TargetListener& listener) override {
    {
      const std::lock_guard lock(mutex_);
      listener_ = &listener;
    }
    if (synced()) listener.target_synced(name_);
    return Done{};
  }
  void stop() noexcept override {
    const std::lock_guard lock(mutex_);
    listener_ = nullptr;
    corked_ = Corked::no;
    changed_.notify_all();
  }
  bool synced() const override {
    const std::lock_guard lock(mutex_);
    return synced_;
  }
  TargetState state() const override {
    const std::lock_guard lock(mutex_);
    return {.synced = synced_, .synced_at = {}, .workloads = workloads_.size(), .problems = {}};
  }
  std::vector<WorkloadPtr> workloads_of(const Repository& repository) const override {
    std::vector<WorkloadPtr> found;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, workload] : workloads_) {
      if (workload->containers.front().image.repository() == repository) found.push_back(workload);
    }
    return found;
  }
  WorkloadPtr workload(const std::string& id) const override {
    const std::lock_guard lock(mutex_);
    const auto found = workloads_.find(id);
    return found == workloads_.end() ? nullptr : found->second;
  }
  std::vector<WorkloadPtr> workloads() const override {
    std::vector<WorkloadPtr> all;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, workload] : workloads_)
      all.push_back(workload);
    return all;
  }
  Delivery deliver(const Action& action, std::stop_token stop) noexcept override;
  // What stands before the last '/' of an id.
  std::string_view rights_scope(std::string_view workload) const noexcept override {
    return workload.substr(0, workload.rfind('/') + 1);
  }
  bool watches_rollouts() const noexcept override { return rollouts_ == Rollouts::watched; }
  Result<RolloutSight> follow(const Rollout& rollout, std::stop_token) noexcept override {
    const std::lock_guard lock(mutex_);
    const RolloutPart& part = rollout.parts.front();
    const auto live = workloads_.find(rollout.workload);
    if (live == workloads_.end() || !(live->second->containers.front().image == part.to)) {
      return RolloutSight{.phase = RolloutSight::Phase::replaced, .detail = "something else"};
    }
    const auto at = sights_.find(part.to.str());
    if (at != sights_.end()) return at->second;
    return RolloutSight{.detail = "0 of 1 pods are ready"};
  }
  Result<std::set<std::string>> platforms(const std::string&, std::stop_token) noexcept override {
    const std::lock_guard lock(mutex_);
    return platforms_;
  }
  Result<std::map<std::string, Digest>> running(const std::string&,
                                                std::stop_token) noexcept override {
    const std::lock_guard lock(mutex_);
    return running_;
  }

 private:
  enum class Corked { no, yes };
  void set_corked(Corked corked) {
    const std::lock_guard lock(mutex_);
    corked_ = corked;
    changed_.notify_all();
  }
  void change(const std::string& id, std::shared_ptr<Workload> workload) {
    const Repository repository = workload->containers.front().image.repository();
    TargetListener* listener = nullptr;
    {
      const std::lock_guard lock(mutex_);
      workloads_[id] = std::move(workload);
      listener = listener_;
    }
    if (listener) listener->repository_changed(name_, repository);
  }

  const std::string name_;
  const Rollouts rollouts_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::shared_ptr<Workload>> workloads_;
  std::deque<Delivery> script_;
  std::map<std::string, RolloutSight> sights_;
  std::map<std::string, Digest> running_;
  std::set<std::string> platforms_;
  TargetListener* listener_ = nullptr;
  bool synced_ = true;
  Corked corked_ = Corked::no;
  int attempts_ = 0;
  std::vector<std::string> writes_;
};

inline Delivery FakeTarget::deliver(const Action& action, std::stop_token stop) noexcept {
  std::unique_lock lock(mutex_);
  ++attempts_;
  changed_.notify_all();
  changed_.wait(lock, stop, [&] { return corked_ == Corked::no; });
  if (stop.stop_requested()) return {Outcome::retry, "stopping", {}};
  if (!script_.empty()) {
    Delivery delivery = script_.front();
    script_.pop_front();
    return delivery;
  }
  const auto at = workloads_.find(action.workload);
  if (at == workloads_.end()) return {Outcome::conflict, "gone", {}};
  const ContainerChange& change = action.changes.front();
  const ImageRef& live = at->second->containers.front().image;
  if (live == change.to) return {Outcome::delivered, "already there", {}};
  if (!(live == change.from)) return {Outcome::conflict, live.str() + " stands there", {}};
  auto workload = std::make_shared<Workload>(*at->second);
  workload->containers.front().image = change.to;
  writes_.push_back(change.to.str());
  lock.unlock();
  this->change(action.workload, std::move(workload));
  return {Outcome::delivered, "written", {}};
}

}  // namespace longshore::test
