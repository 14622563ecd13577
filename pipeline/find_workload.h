// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace longshore {

struct WorkloadName {
  std::string target;
  std::string id;

  std::string str() const { return target + ": " + id; }  // as the audit and status print it
  friend bool operator==(const WorkloadName&, const WorkloadName&) = default;
  friend auto operator<=>(const WorkloadName&, const WorkloadName&) = default;
};

// The one workload that a person means: the whole name, else the whole id, else any part of the
// name that no other has; without regard to the case of letters where the case as written fits
// none.
//
//   invalid_input  more than one fits: up to ten of them are named
//   not_found      none fits: up to three that look like it are named
Result<WorkloadName> find_workload(std::span<const WorkloadName> known, std::string_view text);

}  // namespace longshore
