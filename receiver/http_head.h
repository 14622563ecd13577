// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "receiver/http_message.h"

namespace longshore {

// Why a request is not taken; its connection is closed after the reply, since where the next
// request would begin is anybody's guess.
struct Refusal {
  int status = 400;
  std::string reason;  // for the sender and the audit; quotes nothing of the request
};

// All bytes of a reply, and what has to be durable before they are sent.
struct ReadyReply {
  std::string bytes;
  Seq durable_after = 0;
};

// What becomes of a connection once a reply is written.
enum class AfterReply { keep, close };

// How a request's body is delimited.
struct Framing {
  bool chunked = false;
  std::size_t length = 0;  // of a body that is not chunked
};

// The head of one request, HTTP/1.0 or 1.1.
struct RequestHead {
  std::string method;
  std::string target;  // as sent: an absolute path, perhaps with a query
  Headers headers;
  Framing framing;
  bool keep_alive = true;
  bool expects_continue = false;  // the sender holds its body back until it is told to go on
};

constexpr std::size_t kMaxHeadBytes = 16U << 10;
constexpr std::size_t kMaxHeaders = 64;

// Reads a head, from its first byte to the empty line that ends it (RFC 9112). Strict, so that
// nobody in front of us can read the same bytes in another way: lines end in CRLF, names are tokens
// without blanks around them, no folded lines, no control characters, exactly one Host in HTTP/1.1,
// and Content-Length or "Transfer-Encoding: chunked", never both, each at most once. A POST, PUT or
// PATCH says how long its body is.
//
// Refusals: 400 malformed, 411 no length, 417 an expectation that is none of ours, 431 too many
// fields, 501 a method or transfer coding that is unknown here, 505 another version.
//
// REQUIRES: text ends in CRLF CRLF and is at most kMaxHeadBytes long.
std::variant<RequestHead, Refusal> parse_head(std::string_view text);

}  // namespace longshore
