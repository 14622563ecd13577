// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace longshore {

// What the process returns. Scripts rely on the numbers: never change one (docs/cli.md lists them).
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed =
    1;                                // it was tried and failed, or what was asked for is not there
inline constexpr int kExitUsage = 2;  // wrong usage, a bad configuration, bad input
inline constexpr int kExitNoServer = 3;  // no server answers on the control socket
// What `wait` has seen; 0 is that all came up.
inline constexpr int kExitRolloutFailed = 4;  // some of it did not come up
inline constexpr int kExitNothingToDo = 5;    // nothing was to be done
inline constexpr int kExitTimeout = 6;        // it was not over in time

}  // namespace longshore
