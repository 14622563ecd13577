// SPDX-License-Identifier: Apache-2.0
#include "pipeline/event.h"

namespace longshore {

std::string_view name_of(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::pushed:
      return "pushed";
    case EventKind::deleted:
      return "deleted";
    case EventKind::pulled:
      return "pulled";
    case EventKind::scanned:
      return "scanned";
    case EventKind::promoted:
      return "promoted";
    case EventKind::build:
      return "build";
    case EventKind::ping:
      return "ping";
    case EventKind::listed:
      return "listed";
    case EventKind::other:
      break;
  }
  return "other";
}

Event plain_event(EventKind kind, const Repository& repository, Time now) {
  return Event{.id = EventId::make(now),
               .seq = 0,
               .source = {},
               .source_type = {},
               .kind = kind,
               .repository = repository,
               .tag = {},
               .digest = {},
               .media_type = {},
               .actor = {},
               .occurred_at = {},
               .received_at = now,
               .key = {},
               .delivery_id = {},
               .not_actionable = {},
               .verify = true};
}

std::string Event::image() const {
  std::string text = repository.str();
  if (tag) text += ':' + tag->str();
  if (digest) text += '@' + digest->str();
  return text;
}

}  // namespace longshore
