// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "pipeline/json_reader.h"
#include "pipeline/text.h"
#include "receiver/decoder.h"

namespace longshore {

// One decoder for each type; decode() chooses. What each promises stands in decoder.h.
Result<Decoded> decode_dockerhub(const Headers& headers, std::string_view body);
Result<Decoded> decode_harbor(const Headers& headers, std::string_view body);
Result<Decoded> decode_distribution(const Headers& headers, std::string_view body);
Result<Decoded> decode_github(const Headers& headers, std::string_view body);
Result<Decoded> decode_native(const Headers& headers, std::string_view body);

// Reads the members "tag" and "digest" into the fact. For what was pushed without a tag some
// senders write the digest into "tag" as well: that is no tag.
void read_tag_and_digest(const JsonObject& object, Fact& fact);

}  // namespace longshore
