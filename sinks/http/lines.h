// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace longshore {

// Puts the lines together of a text that comes in any pieces. One thread.
class LineReader {
 public:
  explicit LineReader(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  enum class Read {
    all,       // of the piece; half a line may be kept
    ended,     // on_line wanted no more
    too_long,  // a line has more bytes than it may
  };
  // Calls for each line that ends in this piece, without its "\n"; not for empty ones. After
  // another result than `all` there is nothing more to add.
  Read add(std::string_view piece, const std::function<bool(std::string_view)>& on_line);

 private:
  const std::size_t max_line_bytes_;
  std::string begun_;
};

}  // namespace longshore
