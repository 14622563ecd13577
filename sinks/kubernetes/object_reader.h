// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pipeline/json_reader.h"
#include "sinks/kubernetes/object.h"

namespace longshore {

// Reads an object within a document that holds more than it: a list, a watch event. Without a kind,
// the metadata alone.
//
// An object that cannot be read is one with a `fault`, so that it spoils no other; only without a
// name or a version the document has a fault afterwards.
//
// REQUIRES: object was read with "metadata", "spec" and "status".
KubeObject read_object(JsonDocument& document, std::optional<KubeKind> kind,
                       const JsonObject& object);

// The whole number that a text is; nothing if it is none.
std::optional<std::uint64_t> parse_version(std::string_view text);

}  // namespace longshore
