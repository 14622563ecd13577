// SPDX-License-Identifier: Apache-2.0
#include "pipeline/text.h"

#include <algorithm>

namespace longshore {

bool equal_without_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMost = 64;
  std::size_t size = std::min(text.size(), kMost);
  const auto continues = [&](std::size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
  };
  while (size > 0 && size < text.size() && continues(size))
    --size;
  std::string out = "'";
  for (const char c : text.substr(0, size)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  out += size < text.size() ? "…'" : "'";
  return out;
}

}  // namespace longshore
