// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "pipeline/people_control.h"
#include "receiver/http_message.h"

namespace longshore {

// The part of the control API with which persons say what they want (docs/formats.md):
//
//   POST /api/v1/pause?workload=&target=&reason=       without a name: everything
//   POST /api/v1/resume?workload=&target=
//   POST /api/v1/hold?workload=&ref=&container=&reason=
//   POST /api/v1/unhold?workload=&ref=&container=
//   GET  /api/v1/plan?workload=&target=&why=true
//   GET  /api/v1/progress?of=                          an event's id, or an image
//   POST /api/v1/events/ID/replay
//   POST /api/v1/rollback?workload=&to=
//
// `path` is what stands after /api/v1/. Nothing: it is none of these.
std::optional<HttpReply> answer_people(PeopleControl& people, const HttpRequest& request,
                                       std::string_view path);

}  // namespace longshore
