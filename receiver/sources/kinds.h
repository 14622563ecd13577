// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "receiver/source_kind.h"

namespace longshore {

extern const SourceKind kDockerHubSource;
extern const SourceKind kHarborSource;
extern const SourceKind kDistributionSource;
extern const SourceKind kGitHubSource;
extern const SourceKind kNativeSource;

}  // namespace longshore
