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

// The names of the namespaces that match a label selector, kept up to date.
//
// Threads: names() is safe from every thread; on_change is called on the reflector's, with all
// names, whenever they are others than before, and first when they are known. What a restored
// server makes doubtful stays until it has been listed again.
class KubeNamespaces {
 public:
  using OnChange = std::function<void(const std::set<std::string>&)>;
  // The API and the clock outlive it.
  KubeNamespaces(KubeApi& api, const Clock& clock, ReflectorOptions options, OnChange on_change);

  void start() { reflector_.start(); }
  void stop() noexcept { reflector_.stop(); }
  void retry_now() { reflector_.retry_now(); }
  Reflector::State state() const { return reflector_.state(); }
  std::set<std::string> names() const;

 private:
  ReflectorHooks hooks();
  template <typename Change>
  void change(const Change& change);

  const OnChange on_change_;
  mutable std::mutex mutex_;
  std::set<std::string> names_;  // guarded by mutex_
  bool known_ = false;           // its thread only
  Reflector reflector_;          // last: it uses the others
};

}  // namespace longshore
