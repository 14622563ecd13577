// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sinks/registry/credentials.h"

namespace longshore {

// With which credentials a registry is asked; none: without.
struct Way {
  std::optional<Credentials> credentials;

  friend bool operator==(const Way&, const Way&) = default;
};

// The ways in that one read of a registry may try, one after the other: the configuration's own
// credentials (CredentialStore::find()), and no other. Where it has none: those that others know,
// then without, then what others know when they look anew. None is given twice.
//
// Threads: one. Lifetime: what it refers to outlives it.
class LoginWalk {
 public:
  LoginWalk(CredentialStore& store, const RegistryOptions& registry, const std::string& path,
            const CallScope& call)
      : store_(store), registry_(registry), path_(path), call_(call) {}

  // Nothing: all have been tried. Fails as CredentialStore::find() does.
  Result<std::optional<Way>> next();
  // Whether a plain "no" may have to do with who asks: there may be others to ask as.
  bool has_choice() const { return store_.asks_others() && registry_.username.empty(); }

  // Why the way that was given last is none.
  void refuse(Error why);
  bool has_begun() const noexcept { return !tried_.empty(); }
  // What was refused with credentials tells more than what was without.
  const std::optional<Error>& refusal() const noexcept { return refusal_; }

 private:
  Status look_up();
  void add_others(LoginQuestion::Read read);

  CredentialStore& store_;
  const RegistryOptions& registry_;
  const std::string path_;
  const CallScope& call_;
  enum class Stage { own, others, end } stage_ = Stage::own;
  std::optional<Repository> repository_;  // that others are asked about
  std::deque<Way> queue_;
  std::vector<Way> tried_;
  std::optional<Error> refusal_;
  bool refused_without_ = false;
};

}  // namespace longshore
