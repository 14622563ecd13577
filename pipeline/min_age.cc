// SPDX-License-Identifier: Apache-2.0
#include "pipeline/min_age.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "pipeline/text.h"

namespace longshore {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
  std::string_view word;
};

constexpr std::array<Unit, 4> kUnits{
    {{'d', 86'400, " d"}, {'h', 3'600, " h"}, {'m', 60, " min"}, {'s', 1, " s"}}};
constexpr std::int64_t kMost = 3'650 * kUnits[0].seconds;

// Takes "12h" off the beginning of the text; `unit` is the first that may come and becomes the one
// after it.
std::optional<std::int64_t> take_part(std::string_view& text, std::size_t& unit) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || stop == end || count < 0 || count > kMost) return std::nullopt;
  const char letter = *stop;
  const auto* const found = std::find_if(kUnits.begin() + unit, kUnits.end(),
                                         [&](const Unit& one) { return one.letter == letter; });
  if (found == kUnits.end()) return std::nullopt;
  unit = static_cast<std::size_t>(found - kUnits.begin()) + 1;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return count * found->seconds;
}

Error bad(std::string_view text) {
  return {Errc::invalid_input,
          in_quotes(text) +
              " is no age: write whole numbers with the units d, h, m or s, the larger unit first, "
              "such as 3d, 12h or 1d12h; ten years at most"};
}

}  // namespace

Result<std::chrono::seconds> parse_min_age(std::string_view text) {
  if (text == "0") return std::chrono::seconds(0);
  if (text.empty()) return bad(text);
  std::int64_t sum = 0;
  std::size_t unit = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto part = take_part(rest, unit);
    if (!part) return bad(text);
    sum += *part;
  }
  if (sum > kMost) return bad(text);
  return std::chrono::seconds(sum);
}

std::string in_words(std::chrono::seconds age, int most_units) {
  std::int64_t rest = std::max<std::int64_t>(age.count(), 0);
  std::string text;
  for (const Unit& unit : kUnits) {
    // A unit that is left out counts, too: "1 d", not "1 d 5 s".
    if (!text.empty()) --most_units;
    if (most_units <= 0) break;
    const std::int64_t count = rest / unit.seconds;
    rest %= unit.seconds;
    if (count == 0) continue;
    if (!text.empty()) text += ' ';
    text += std::to_string(count);
    text += unit.word;
  }
  return text.empty() ? "0 s" : text;
}

}  // namespace longshore
