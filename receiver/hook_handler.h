// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/clock.h"
#include "pipeline/intake.h"
#include "receiver/decoder.h"
#include "receiver/failure_table.h"
#include "receiver/http_message.h"
#include "receiver/options.h"

namespace longshore {

// Answers the notifications that senders POST to /hooks/<source> or /hooks/<source>/<token>. It
// knows nothing of the transport: a request comes in whole, a reply goes out.
//
//   202 {"id":…,"events":n}  the events are accepted; Longshore-Note says why one of them is not
//                            acted upon, if so
//   200 {"duplicate":true}   all of it was accepted before
//   200 {"ignored":"why"}    authentic, and nothing to keep
//   200                      a handshake: what the sender waits for, whatever it accepts
//   400                      not JSON, or not what this type of source sends
//   401                      no such source, or a wrong secret: the same reply for both
//   404, 405                 no path of a hook; another method than POST (or OPTIONS, where a type
//   asks so) 415                      a Content-Encoding 429                      instead of 401,
//   for an address with more than 30 of them in a minute 503 with Retry-After     full, or the
//   store has failed
//
// 202 and the duplicate's 200 carry durable_after. A 2xx has a body only for a sender that accepts
// application/json; the same facts are always in Longshore-Event and Longshore-Note. Whoever is not
// authentic is refused before the body is looked at. Every error's body has the id of the audit
// line that tells of it; no secret, and no part of a path, is in either.
//
// Threads: safe from every thread.
class HookHandler {
 public:
  HookHandler(Intake& intake, const Clock& clock, std::shared_ptr<const ReceiverOptions> options);

  // Requests that begin after this use the new configuration.
  void configure(std::shared_ptr<const ReceiverOptions> options);

  HttpReply handle(const HttpRequest& seen);

  // The reply to a request that the transport refused before it was whole ("413": too large).
  HttpReply refuse(int status, const std::string& reason, std::string_view address);

  // True for the paths that handle() answers; all others belong to the API.
  static bool serves(std::string_view path) noexcept;

 private:
  HttpReply refuse_stranger(const std::string& source, const std::string& reason,
                            const HttpRequest& request);
  HttpReply refuse_source(int status, const SourceOptions& source, const Error& error,
                          const HttpRequest& request);
  HttpReply take(const ReceiverOptions& options, const SourceOptions& source,
                 const HttpRequest& request);
  HttpReply take_facts(const ReceiverOptions& options, const SourceOptions& source,
                       const HttpRequest& request, Decoded decoded);
  std::shared_ptr<const ReceiverOptions> options() const;

  Intake& intake_;
  const Clock& clock_;
  FailureTable failures_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ReceiverOptions> options_;  // guarded by mutex_
};

}  // namespace longshore
