// SPDX-License-Identifier: Apache-2.0
// The accessors of ValueReader whose values are no text.
#include <array>
#include <charconv>

#include "config/reader.h"
#include "config/secrets.h"
#include "config/values.h"

namespace longshore {
namespace {

// In the fewest digits that say it.
std::string shown(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

}  // namespace

std::optional<bool> ValueReader::boolean() const {
  const auto raw = scalar("true or false");
  if (!raw) return std::nullopt;
  if (node_.Tag() == "?" && *raw == "true") return true;
  if (node_.Tag() == "?" && *raw == "false") return false;
  error("expected true or false, in lower case and without quotes");
  return std::nullopt;
}

std::optional<std::uint64_t> ValueReader::number(SizeRange range) const {
  const std::string what =
      "a whole number from " + std::to_string(range.least) + " to " + std::to_string(range.most);
  const auto raw = scalar(what);
  if (!raw) return std::nullopt;
  std::uint64_t value = 0;
  const char* const last = raw->data() + raw->size();
  const auto [end, fault] = std::from_chars(raw->data(), last, value);
  const bool is_number = node_.Tag() == "?" && fault == std::errc() && end == last;
  if (is_number && value >= range.least && value <= range.most) return value;
  error("expected " + what + (node_.Tag() == "?" ? "" : ", without quotes"));
  return std::nullopt;
}

std::optional<double> ValueReader::decimal(double least, double most) const {
  const std::string what = "a number from " + shown(least) + " to " + shown(most);
  const auto raw = scalar(what);
  if (!raw) return std::nullopt;
  double value = 0;
  const char* const last = raw->data() + raw->size();
  const auto [end, fault] = std::from_chars(raw->data(), last, value, std::chars_format::fixed);
  const bool is_number = node_.Tag() == "?" && fault == std::errc() && end == last;
  if (is_number && value >= least && value <= most) return value;
  error("expected " + what + (node_.Tag() == "?" ? "" : ", without quotes"));
  return std::nullopt;
}

std::optional<std::uint64_t> ValueReader::size(SizeRange range) const {
  auto raw = scalar("a size such as 256KiB");
  if (raw && has_reference(*raw)) raw = text();
  if (!raw) return std::nullopt;
  const auto value = parse_size(*raw);
  if (!value) {
    error(value.error());
  } else if (*value < range.least || *value > range.most) {
    error("expected a size from " + format_size(range.least) + " to " + format_size(range.most));
  } else {
    return *value;
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> ValueReader::duration(DurationRange range) const {
  auto raw = scalar("a duration such as 30s");
  if (raw && has_reference(*raw)) raw = text();
  if (!raw) return std::nullopt;
  const auto value = parse_duration(*raw);
  if (!value) {
    error(value.error());
  } else if (*value < range.least || *value > range.most) {
    error("expected a duration from " + format_duration(range.least) + " to " +
          format_duration(range.most));
  } else {
    return *value;
  }
  return std::nullopt;
}

}  // namespace longshore
