// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/lines.h"

#include <utility>

namespace longshore {

LineReader::Read LineReader::add(std::string_view piece,
                                 const std::function<bool(std::string_view)>& on_line) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    if (begun_.size() + part.size() > max_line_bytes_) return Read::too_long;
    if (end == std::string_view::npos) {
      begun_.append(part);
      return Read::all;
    }
    piece.remove_prefix(end + 1);
    // Its memory goes with it: one long line is no reason to keep that much.
    std::string whole = std::exchange(begun_, {});
    if (!whole.empty()) whole.append(part);
    const std::string_view line = whole.empty() ? part : std::string_view(whole);
    if (!line.empty() && !on_line(line)) return Read::ended;
  }
  return Read::all;
}

}  // namespace longshore
