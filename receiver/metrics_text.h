// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pipeline/control.h"

namespace longshore {

// The Prometheus text exposition format, version 0.0.4: HELP and TYPE once for each name, before
// its samples, which stand together in the order in which they came.
std::string to_prometheus(const std::vector<Metric>& metrics);

}  // namespace longshore
