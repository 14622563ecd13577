// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/control.h"
#include "receiver/http_message.h"

namespace longshore {

// Answers everything that is no hook:
//
//   GET /healthz   200 while the process lives
//   GET /readyz    200 if a notification would be accepted durably, else 503 with the fault. No
//                  target counts: a cluster that is away is no reason to lose notifications
//   GET /metrics   Prometheus text exposition format 0.0.4
//
// and, on the control socket alone, the control API (docs/formats.md):
//
//   GET  /api/v1/status
//   GET  /api/v1/actions?state=STATE&limit=N      a name_of(ActionState); "-" may stand for " "
//   POST /api/v1/actions/ID/retry
//   GET  /api/v1/history?image=NAME&limit=N
//   GET  /api/v1/audit/head
//   what persons say and ask                      api_people.h
//
// It knows nothing of the transport. Replies are JSON but for /metrics; errors are {"error":…}:
// 400, 404, 405, 409, 503.
//
// Threads: safe from every thread.
class ApiHandler {
 public:
  // Who can reach it. The control socket is its owner's alone, so it asks for no token; the network
  // sees no /api/v1 at all.
  enum class Surface { network, control_socket };

  ApiHandler(Control& control, Surface surface) : control_(control), surface_(surface) {}

  HttpReply handle(const HttpRequest& request) const;

 private:
  HttpReply ready() const;
  HttpReply metrics() const;
  HttpReply control_api(const HttpRequest& request, std::string_view path) const;
  HttpReply actions(const HttpRequest& request) const;
  HttpReply retry(const HttpRequest& request, std::string_view text) const;
  HttpReply history(const HttpRequest& request) const;

  Control& control_;
  const Surface surface_;
};

}  // namespace longshore
