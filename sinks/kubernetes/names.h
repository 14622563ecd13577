// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "sinks/kubernetes/reflector.h"

namespace longshore {

// The options of a reflector of the namespaces that match a label selector.
ReflectorOptions namespace_options(const std::string& labels);
// Of Argo CD's Applications, in all namespaces.
ReflectorOptions application_options();

// The names of the objects of one kind, whatever their namespaces, kept up to date.
//
// Threads: names() and has() are safe from every thread; the hooks are called on the reflector's.
// What a restored server makes doubtful stays until it has been listed again.
class KubeNames {
 public:
  struct Hooks {
    // All names, whenever they are others than before, and first when they are known.
    std::function<void(const std::set<std::string>&)> on_change;
    std::function<void()> on_state = [] {};  // state() is another
  };
  // The API and the clock outlive it.
  KubeNames(KubeApi& api, const Clock& clock, ReflectorOptions options, Hooks hooks);

  void start() { reflector_.start(); }
  void stop() noexcept { reflector_.stop(); }
  void retry_now() { reflector_.retry_now(); }
  Reflector::State state() const { return reflector_.state(); }
  std::set<std::string> names() const;
  bool has(const std::string& name) const;

 private:
  ReflectorHooks hooks();
  template <typename Change>
  void change(const Change& change);

  const Hooks hooks_;
  mutable std::mutex mutex_;
  std::set<std::string> names_;  // guarded by mutex_
  bool known_ = false;           // its thread only
  Reflector reflector_;          // last: it uses the others
};

}  // namespace longshore
