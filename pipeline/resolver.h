// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/image_ref.h"
#include "pipeline/result.h"

namespace longshore {

// Asks a registry which digest a tag names now. Sources with `verify: off` never need it.
//
// Threads: resolve() blocks up to the resolver's deadline and is called by lane workers.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // not_found: the registry answers that there is no such tag. unavailable or busy: ask later.
  virtual Result<Digest> resolve(const Repository& repository, const Tag& tag) = 0;
};

}  // namespace longshore
