// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/json_reader.h"
#include "pipeline/text.h"
#include "receiver/decoder.h"

namespace longshore {

// What decoders have in common.

// Reads the members "tag" and "digest" into the fact. For what was pushed without a tag some
// senders write the digest into "tag" as well: that is no tag.
void read_tag_and_digest(const JsonObject& object, Fact& fact);

// Of senders with one member for both; what is neither is left out.
void read_reference(std::string_view text, Fact& fact);

bool is_form(const Headers& headers);

}  // namespace longshore
