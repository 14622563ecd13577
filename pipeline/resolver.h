// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/image_ref.h"
#include "pipeline/result.h"
#include "pipeline/time.h"

namespace longshore {

// Asks registries: which digest a tag names now, and which tags there are.
//
// Threads: safe from every thread. Its functions block up to the resolver's deadline and
// are called by the threads of Lookups, Sweeper, RolloutWatch and Outbox alone.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // not_found: the registry answers that there is no such tag. unavailable or busy: ask later.
  // Other errors: it answers, and what it answers cannot be used until somebody does something.
  virtual Result<Digest> resolve(const Repository& repository, const Tag& tag) = 0;

  // Whether the registry still has what that digest names, a tag or not. Errors as for resolve().
  virtual Status find(const Repository& repository, const Digest& digest) = 0;

  // What an image is made for, "linux/arm64" each; empty: it does not say. Errors as for resolve().
  virtual Result<std::set<std::string>> platforms(const Repository& repository,
                                                  const Digest& digest) = 0;

  // Calls with one page of tags after the other, in the registry's order. An error of the callback
  // ends the list and is returned. Errors as for resolve(); some pages may have been seen then.
  using OnTags = std::function<Status(std::vector<Tag>)>;
  virtual Status list_tags(const Repository& repository, const OnTags& on_tags) = 0;

  // Until when the registry is not to be asked, because it said so; nothing if it may be.
  virtual std::optional<SteadyTime> busy_until(const std::string& host) = 0;

  // Ends what is under way; every call fails with unavailable from then on.
  virtual void stop() noexcept = 0;
};

}  // namespace longshore
