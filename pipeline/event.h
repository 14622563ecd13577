// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/image_ref.h"
#include "pipeline/time.h"
#include "pipeline/ulid.h"

namespace longshore {

// What a notification can tell. The numbers are in the store: never renumber.
enum class EventKind : std::uint8_t {
  pushed = 1,   // a tag now names a digest
  deleted = 2,  // a tag or a digest is gone
  pulled = 3,
  scanned = 4,
  promoted = 5,
  build = 6,
  ping = 7,
  listed = 9,  // a list of tags shows it; when it was pushed nobody knows
  other = 8,   // authentic, understood, and of no use to us (quota, replication, …)
};

std::string_view name_of(EventKind kind) noexcept;  // "pushed"

// What makes two deliveries the same one: a hash of the sender's delivery id, or of the facts and
// the sender's own event time. See receiver/admit.h for how it is made.
using DeliveryKey = std::array<std::uint8_t, 16>;

// The order in which events were accepted: 1, 2, 3 …, without reuse. 0 is "none".
using Seq = std::uint64_t;

// One normalised fact out of a notification. A plain record: each member is valid by its type,
// and the receiver (admit) is the only maker.
struct Event {
  EventId id;
  Seq seq = 0;  // given when it is accepted
  std::string source;
  std::string source_type;
  EventKind kind = EventKind::other;
  Repository repository;
  std::optional<Tag> tag;
  std::optional<Digest> digest;
  std::optional<std::string> media_type;
  std::optional<std::string> actor;
  std::optional<Time> occurred_at;  // by the sender's clock
  Time received_at;
  std::optional<DeliveryKey> key;
  std::optional<std::string> delivery_id;  // as sent
  // Why it is recorded and never acted upon; absent for one that lanes decide.
  std::optional<std::string> not_actionable;
  // False if its source says `verify: off`: the notification is believed without asking the
  // registry.
  bool verify = true;

  // "docker.io/acme/app:1.2@sha256:…" for people.
  std::string image() const;
};

// An event that no sender made: with an id of its own, received now, and nothing else said.
Event plain_event(EventKind kind, const Repository& repository, Time now);

}  // namespace longshore
