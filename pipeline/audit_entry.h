// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/crypto.h"
#include "pipeline/time.h"
#include "pipeline/ulid.h"

namespace longshore {

// One step in the life of an event, as people read it. Empty members are left out of the line.
struct AuditEntry {
  Time time{};
  std::optional<Ulid> id{};  // the event's
  std::string_view step{};   // "received", "decided", "applied", "refused", "started", …
  std::string source{};
  std::string actor{};
  std::string image{};
  std::string workload{};  // "<target>: <workload id>[ <container>]"
  std::string from{};
  std::string to{};
  std::string decision{};
  std::string reason{};
  std::string outcome{};
  std::string error{};
  std::uint64_t count = 0;  // of refused requests that this line stands for
};

// The line, without its newline: a JSON object with the members in the order above (`count` before
// `prev`), then `prev`, the SHA-256 of the line before it in hex (64 zeros for the first line of
// all). Text that is not UTF-8 is written with U+FFFD in its place.
std::string audit_line(const AuditEntry& entry, const Sha256& prev);

}  // namespace longshore
