// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/action.h"

namespace longshore {

// The decisions of one delivery to a file; no I/O.

// The file's bytes after the action: the same ones if every container runs `to` already. Fails with
// conflict if the workload or a container is not there, or runs neither `from` nor `to`, or if only
// some of them run `to`; with unsupported where the file has no place for the change. The path is
// the file's below the folder, with which the workload's id begins.
Result<std::string> changed_bytes(const std::string& path, std::string_view bytes,
                                  const Action& action);

// What an attempt that failed means to the outbox.
Delivery delivery_for(const Error& error);

}  // namespace longshore
