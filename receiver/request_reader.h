// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "receiver/http_head.h"

namespace longshore {

// One request, whole.
struct WholeRequest {
  RequestHead head;
  std::string body;  // without its chunks' frames
};

// Makes requests of the bytes of one connection, in whatever pieces they come. No I/O and no clock:
// whoever owns the connection feeds it and watches the time.
//
// What it holds is bounded: a head of kMaxHeadBytes, a body of max_body_bytes, and what came in the
// same piece after them. Those wait, unread, until take() and the next feed(): senders may send
// requests one after the other without waiting for the replies.
class RequestReader {
 public:
  explicit RequestReader(std::size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  enum class State {
    idle,      // between requests: nothing of the next one is here
    head,      // a part of a head
    body,      // the head, and a part of the body
    complete,  // take() has a request
    refused,   // refusal() says why; no more bytes are looked at
  };

  // Refusals are those of parse_head(), 413 for a body above the limit (as soon as its length is
  // known) and 431 for a head above its own.
  State feed(std::string_view bytes);
  State state() const noexcept { return state_; }

  // REQUIRES: state() == complete. The state is then idle; feed({}) looks at the bytes behind it.
  WholeRequest take();
  // REQUIRES: state() == refused
  const Refusal& refusal() const noexcept { return refusal_; }

  // True once for each request whose sender waits for "100 Continue".
  bool take_expectation() noexcept;

  // Bytes of the body that it holds or has been promised by Content-Length.
  std::size_t body_bytes() const noexcept;

 private:
  enum class Chunk { size, data, data_end, trailer };

  State advance();
  State read_head();
  State read_body();
  State read_chunked();
  State read_chunk_line(std::string_view line);
  bool read_chunk_size(std::string_view line);
  State refuse(int status, std::string reason);

  const std::size_t max_body_bytes_;
  State state_ = State::idle;
  std::string buffer_;    // bytes that are not part of request_ yet
  WholeRequest request_;  // as far as it is here, from State::body on
  Chunk chunk_ = Chunk::size;
  std::size_t chunk_left_ = 0;
  std::size_t trailer_bytes_ = 0;
  Refusal refusal_;
};

}  // namespace longshore
