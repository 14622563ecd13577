// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "pipeline/policy.h"

namespace longshore {

// The keys of Keel (https://keel.sh, release 0.22) on a workload, with their meanings there but for
// what the guide for those who come from it lists.
//
//   keel.sh/policy            all, major, minor, patch, force, glob:<pattern>, regexp:<regex>;
//                             empty and never: none. Also keel.observer/policy
//   keel.sh/matchTag          "true": force follows the tag that runs, by its digest. Also
//                             keel.sh/match-tag
//   keel.sh/matchPreRelease   true unless it is there and not "true": a version's prerelease has to
//                             be that of the version that runs
//   keel.sh/monitorContainers a regular expression: only containers whose name it matches
//
// The settings of one container, or nothing if Keel would leave it alone. invalid_input, naming the
// annotation, for a policy that is none of Keel's or does not parse. Its further keys (approvals,
// trigger, pollSchedule, notify …) are not read here.
Result<std::optional<PolicySettings>> keel_settings(const Annotations& annotations,
                                                    std::string_view container);

// Whether Keel is asked for the init containers of this workload, too (keel.sh/initContainers).
bool keel_wants_init_containers(const Annotations& annotations);

// What a workload says in its annotations and in its labels, as one. An annotation counts before
// the label of the same name. keel.sh/matchTag and matchPreRelease are only taken from where the
// policy of Keel stands: annotations, else labels.
Annotations merge_metadata(Annotations annotations, Annotations labels);

}  // namespace longshore
