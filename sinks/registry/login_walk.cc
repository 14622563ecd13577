// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/login_walk.h"

#include <algorithm>

namespace longshore {

Result<std::optional<Way>> LoginWalk::next() {
  while (true) {
    while (!queue_.empty()) {
      Way way = std::move(queue_.front());
      queue_.pop_front();
      if (std::find(tried_.begin(), tried_.end(), way) != tried_.end()) continue;
      tried_.push_back(way);
      if (way.credentials && repository_) store_.prefer(*repository_, *way.credentials);
      return std::optional(std::move(way));
    }
    if (stage_ == Stage::end) return std::optional<Way>();
    if (auto status = look_up(); !status) return std::move(status).error();
  }
}

Status LoginWalk::look_up() {
  if (stage_ == Stage::others) {
    stage_ = Stage::end;
    add_others(LoginQuestion::Read::anew);
    return Done{};
  }
  auto own = store_.find(registry_, call_);
  if (!own) return std::move(own).error();
  if (!*own && store_.asks_others()) {
    stage_ = Stage::others;
    if (auto repository = Repository::of(registry_.host, path_)) repository_ = *repository;
    add_others(LoginQuestion::Read::kept);
  } else {
    stage_ = Stage::end;
  }
  queue_.push_back(Way{*std::move(own)});
  return Done{};
}

void LoginWalk::add_others(LoginQuestion::Read read) {
  if (!repository_) return;
  for (Credentials& credentials : store_.others({*repository_, read, call_}))
    queue_.push_back(Way{std::move(credentials)});
}

void LoginWalk::refuse(Error why) {
  const bool without = !tried_.empty() && !tried_.back().credentials;
  if (refusal_ && (without || !refused_without_)) return;
  refusal_ = std::move(why);
  refused_without_ = without;
}

}  // namespace longshore
