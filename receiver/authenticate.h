// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/result.h"
#include "pipeline/time.h"
#include "receiver/http_message.h"
#include "receiver/options.h"
#include "receiver/source_kind.h"

namespace longshore {

// What a request has proven: which of its source's tokens and secrets were used, counted from 0, so
// that a rotation can tell whether the old one is still in use. Neither: the source is insecure.
struct Proven {
  std::optional<std::size_t> token;
  std::optional<std::size_t> secret;
};

// Whether the request comes from its source. Pure: no state, no I/O; safe from every thread. The
// body counts as raw bytes, before anything is decoded.
//
// * A source with tokens needs one of them: as the Authorization header, bare ("<token>"),
//   "Bearer <token>" or as the password of Basic; in the header that its type has for it
//   (SourceKind::token_header); as ?token=; or as the path's last segment (path_token: still
//   percent-encoded). Any one of the places will do.
// * A source with secrets needs a signature by one of them over the body, in the way of its type
//   (SourceKind::signing): the HMAC in a header, or Standard Webhooks 1.0.0 with webhook-id,
//   webhook-timestamp (at most 5 minutes away from now) and webhook-signature (one "v1,<base64>" of
//   the list has to match). Some types do not sign: with a secret nobody gets in.
// * A source that may send from some addresses only needs one of them as well.
// * A source with both needs both: a second key must not be a second way in.
// * A source with neither lets everybody in if it is insecure, else nobody.
//
// All tokens and secrets are compared, each in constant time, whichever matches first.
//
// Returns unauthorized with a reason for the audit, which holds nothing of what was shown. The
// sender must not see it.
Result<Proven> authenticate(const SourceOptions& source, const HttpRequest& request,
                            std::optional<std::string_view> path_token, Time now);

// The key in a Standard Webhooks secret: "whsec_" and base64. invalid_input for anything else.
Result<std::string> webhook_key(std::string_view secret);

// The signatures, as they stand in their headers. Shared with compose.h.
std::string hmac_signature(const HmacHeader& hmac, std::string_view secret, std::string_view text);
std::string webhook_signature(std::string_view key, std::string_view id, std::string_view timestamp,
                              std::string_view body);  // "v1,…"

}  // namespace longshore
