// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "pipeline/store_reader.h"
#include "pipeline/turn.h"

namespace longshore {

// take_turn(), for workloads of which some may ask for an age: then what tags named that long ago,
// and what runs now, are candidates too, and are added to `candidates`. `input.candidates` is them
// afterwards. Fails where the store cannot be read.
Result<TurnResult> take_aged_turn(TurnInput& input, std::vector<Candidate>& candidates,
                                  StoreReader& reader);

}  // namespace longshore
