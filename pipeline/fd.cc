// SPDX-License-Identifier: Apache-2.0
#include "pipeline/fd.h"

#include <unistd.h>

namespace longshore {

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace longshore
