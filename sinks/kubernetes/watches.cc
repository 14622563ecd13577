// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/watches.h"

#include <algorithm>
#include <utility>

#include "sinks/kubernetes/index_feed.h"

namespace longshore {

KubeWatches::KubeWatches(const KubernetesTargetOptions& options, KubeApi& api, KubeIndex& index,
                         const Clock& clock, Hooks hooks)
    : options_(options), api_(api), index_(index), clock_(clock), hooks_(std::move(hooks)) {
  const auto names = [this](ReflectorOptions reflector, KubeNames::Hooks does) {
    reflector.compare = options_.compare;
    return std::make_unique<KubeNames>(api_, clock_, std::move(reflector), std::move(does));
  };
  if (!options_.namespace_labels.empty()) {
    namespaces_ = names(namespace_options(options_.namespace_labels),
                        {.on_change = [this](const auto& spaces) { follow(spaces); }});
  }
  if (options_.argo_cd_labels) {
    applications_ = names(application_options(),
                          {.on_change = [this](const auto&) { hooks_.on_applications(); },
                           .on_state = [this] { look(); }});
  }
}

KubeWatches::~KubeWatches() {
  stop();
}

void KubeWatches::start() {
  for (const std::string& space : options_.namespaces)
    add(space);
  if (options_.namespaces.empty() && !namespaces_) add("");
  if (namespaces_) namespaces_->start();
  if (applications_) applications_->start();
}

void KubeWatches::stop() noexcept {
  if (namespaces_) namespaces_->stop();
  if (applications_) applications_->stop();
  Watched ended;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    ended = std::exchange(watched_, {});
  }
  // Without the lock, which their hooks take; their destructors wait for them.
}

// Called with all names, by the reflector of the namespaces.
void KubeWatches::follow(const std::set<std::string>& spaces) {
  std::set<std::string> wanted = spaces;
  wanted.insert(options_.namespaces.begin(), options_.namespaces.end());
  std::set<std::string> known;
  {
    const std::lock_guard lock(mutex_);
    named_ = true;
    for (const auto& [space, watches] : watched_)
      known.insert(space);
  }
  for (const std::string& space : known)
    if (!wanted.contains(space)) remove(space);
  for (const std::string& space : wanted)
    if (!known.contains(space)) add(space);
  look();
}

void KubeWatches::add(const std::string& space) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || watched_.contains(space)) return;
  std::vector<Watch>& watches = watched_[space];
  for (const KubeKind kind : kKubeKinds) {
    ReflectorOptions options = reflector_options(kind, space);
    options.compare = options_.compare;
    ReflectorHooks hooks = index_feed(index_, kind, space, hooks_.on_changes);
    hooks.synced = [this] { look(); };
    hooks.trouble = [this](const std::string&) { look(); };
    hooks.forget = [this, forget = hooks.forget] {
      forget();
      look();
    };
    watches.push_back(
        {std::make_unique<Reflector>(api_, clock_, std::move(options), std::move(hooks)), synced_});
  }
  for (const Watch& watch : watches)
    watch.reflector->start();
}

void KubeWatches::remove(const std::string& space) {
  std::vector<Watch> ended;
  {
    const std::lock_guard lock(mutex_);
    ended = std::exchange(watched_[space], {});
    watched_.erase(space);
  }
  ended.clear();  // waits for their threads, which may wait for the lock
  for (const KubeKind kind : kKubeKinds)
    index_.forget(kind, space);
}

bool KubeWatches::is_complete() const {
  if (namespaces_ && !named_) return false;
  if (applications_) {
    const Reflector::State state = applications_->state();
    if (!state.synced && !state.refused) return false;
  }
  std::size_t lists = 0;
  std::size_t watches = 0;
  for (const auto& [space, all] : watched_) {
    for (const Watch& watch : all) {
      const Reflector::State state = watch.reflector->state();
      ++watches;
      if (state.synced) ++lists;
      if (!state.synced && !state.refused && !watch.late) return false;
    }
  }
  return lists > 0 || watches == 0;
}

void KubeWatches::look() {
  bool became_synced = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    const bool before = std::exchange(synced_, is_complete());
    became_synced = synced_ && !before;
  }
  if (became_synced) hooks_.on_synced();
}

bool KubeWatches::synced() const {
  const std::lock_guard lock(mutex_);
  return synced_;
}

bool KubeWatches::has_application(const std::string& name) const {
  return applications_ && applications_->has(name);
}

KubeWatches::State KubeWatches::state() const {
  State result;
  const auto add_trouble = [&result](const Reflector::State& state) {
    if (!state.trouble.empty()) result.troubles.push_back(state.trouble);
  };
  if (namespaces_) add_trouble(namespaces_->state());
  if (applications_) add_trouble(applications_->state());
  const std::lock_guard lock(mutex_);
  result.synced = synced_;
  for (const auto& [space, watches] : watched_) {
    for (const Watch& watch : watches) {
      const Reflector::State state = watch.reflector->state();
      add_trouble(state);
      if (state.synced_at) result.synced_at = std::max(result.synced_at, state.synced_at);
    }
  }
  return result;
}

}  // namespace longshore
