// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/event.h"

namespace longshore {

// Header fields in the order in which they came. Names compare without case.
using Headers = std::vector<std::pair<std::string, std::string>>;

// The value of the field, white space at its ends removed; nothing if it is missing or there twice
// (which of two would count is anybody's guess).
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) noexcept;

// One request, whatever transport it came by. Views live as long as the call that they are given
// to.
struct HttpRequest {
  std::string_view method;  // "POST"
  std::string_view path;    // "/hooks/hub", still percent-encoded
  std::string_view query;   // after the "?", still percent-encoded
  const Headers& headers;
  std::string_view body;
  std::string_view address;  // of the sender, or of the last proxy before us
};

struct HttpReply {
  int status = 200;
  Headers headers;  // Content-Length is the transport's
  std::string body;
  // The transport sends the reply only once this seq is durable; if it cannot become so in time,
  // it sends a 503 in its place. 0: at once.
  Seq durable_after = 0;
};

}  // namespace longshore
