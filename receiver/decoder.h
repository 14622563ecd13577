// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event.h"
#include "receiver/http_message.h"
#include "receiver/options.h"

namespace longshore {

// One fact as its sender put it: nothing of the configuration is in it yet.
struct Fact {
  EventKind kind = EventKind::other;
  std::optional<std::string> host;  // as sent; absent where the sender names none
  std::string repository;           // the path on that host, as sent
  std::optional<Tag> tag;
  std::optional<Digest> digest;
  std::optional<std::string> media_type;
  std::optional<std::string> actor;
  std::optional<Time> occurred_at;
  // The sender's delivery id, only where it is the same when the sender tries again.
  std::optional<std::string> delivery_id;
  // A layer or a config, not a manifest: counted, never stored.
  bool is_blob = false;
};

// What one notification says.
struct Decoded {
  std::vector<Fact> facts;
  // Where there is no fact: why ("ping", "QUOTA_EXCEED is not about an image").
  std::string ignored;
  // JSON that the sender waits for, as the body of a 200 (a handshake); then there is no fact.
  std::string reply = {};
};

// Decodes one authentic notification. Pure: no state, no I/O; safe from every thread. The body has
// passed no check but its size.
//
// Returns invalid_input for what is not JSON or lacks what its type has to have; the message names
// the field ("events[0].target.repository: expected text, found a number") and quotes at most a
// little of the body. Unknown members, kinds and events are no errors. A member that is "", null or
// absent is absent. Duplicate keys among the members that are read are errors.
Result<Decoded> decode(SourceType type, const Headers& headers, std::string_view body);

}  // namespace longshore
