// SPDX-License-Identifier: Apache-2.0
#include "pipeline/text.h"

#include <algorithm>

namespace longshore {

bool equal_without_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower;
}

std::string cut_text(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  const auto continues = [&](std::size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
  };
  while (most > 0 && continues(most))
    --most;
  return std::string(text.substr(0, most)) + "…";
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : cut_text(text, 64)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return out + "'";
}

}  // namespace longshore
