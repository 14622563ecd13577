// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace longshore::bench {

// The head of one HTTP/1.1 message, read as far as a benchmark needs it: where it ends, how much
// body follows, and whether the connection ends after it. It is lenient where the product is
// strict: the baselines have to be as fast as a server can be.
struct HttpHead {
  enum class State { complete, partial, bad };
  enum class After { keep_alive, close };

  State state = State::partial;
  std::size_t size = 0;       // of the head, with its empty line
  std::size_t body_size = 0;  // Content-Length; 0 where there is none
  After after = After::keep_alive;
  std::string_view start_line;  // "POST /hooks/hub HTTP/1.1"; lives as long as the bytes
};

// Reads the head at the beginning of bytes, which may go on after it. partial: the empty line is
// not there yet. bad: a Content-Length that is no number, or a Transfer-Encoding.
HttpHead read_head(std::string_view bytes);

}  // namespace longshore::bench
