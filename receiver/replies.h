// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/ulid.h"
#include "receiver/http_message.h"

namespace longshore {

// A reply that says no: a JSON body {"error": message, "id": id}, where the id is that of the audit
// line. There is no id where nothing was audited.
HttpReply error_reply(int status, std::string_view message,
                      const std::optional<Ulid>& id = std::nullopt);

HttpReply json_reply(int status, std::string body);

// True if an Accept field names application/json, application/* or */*, and not with q=0.
// A sender that sends no Accept accepts no body: several close the connection on one.
bool accepts_json(const Headers& headers);

// Text that may stand in a header field: printable ASCII only, "?" for the rest, and at most 200
// characters.
std::string header_text(std::string_view text);

}  // namespace longshore
