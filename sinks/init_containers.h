// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/policy.h"

namespace longshore {

// Which init containers of a pod are kept up to date: one that is asked for, by an annotation
// longshore.dev/policy.<name> of its own or by keel.sh/initContainers, and one that has the image
// of a listed container, so that both move together. The latter inherits what is written for that
// container (longshore.dev/<key>.<container>), where it has nothing of its own.
//
// `sibling` is the name of the first listed container with the same image text; null: there is
// none. Returns whether the init container is listed.
bool list_init_container(Annotations& annotations, std::string_view name,
                         const std::string* sibling);

}  // namespace longshore
