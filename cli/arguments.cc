// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace longshore {
namespace {

constexpr std::size_t kMaxInput = 64U << 20;

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  long long count = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  // A hundred years of seconds at most: no overflow below.
  if (error != std::errc{} || stop != end || count < 0 || count > 3'200'000'000) {
    return std::nullopt;
  }
  switch (text.back()) {
    case 's':
      return std::chrono::seconds{count};
    case 'm':
      return std::chrono::minutes{count};
    case 'h':
      return std::chrono::hours{count};
    case 'd':
      return std::chrono::hours{24 * count};
    default:
      return std::nullopt;
  }
}

Error not_read(const std::string& name, int error_number) {
  const Errc code = error_number == ENOENT ? Errc::not_found : Errc::io;
  return {code, "cannot read '" + name + "': " + std::system_category().message(error_number)};
}

}  // namespace

Result<Time> parse_moment(std::string_view text, Time now) {
  if (const auto ago = parse_duration(text)) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    return *ago > seconds ? Time{} : now - *ago;
  }
  const bool is_date = text.size() == 10 && text[4] == '-';
  const auto time = parse_time(is_date ? std::string(text) + "T00:00:00Z" : std::string(text));
  if (time) return *time;
  return Error{Errc::invalid_input,
               "'" + std::string(text) +
                   "' is no time: expected a duration (30s, 15m, 2h, 7d), a date (2026-03-01) or "
                   "2026-03-01T12:00:00Z"};
}

Result<ImageRef> parse_image_or_tag(std::string_view text) {
  if (text.find_first_of(":/@") == std::string_view::npos) {
    auto tag = Tag::parse(text);
    if (!tag) return std::move(tag).error();
    return ImageRef::parse("image:" + tag->str());
  }
  return ImageRef::parse(text);
}

Result<std::string> read_input(const std::string& name) {
  const bool standard = name == "-";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      standard ? stdin : std::fopen(name.c_str(), "rb"),
      standard ? [](std::FILE*) { return 0; } : std::fclose);
  if (!file) return not_read(name, errno);
  std::string bytes;
  constexpr std::size_t kChunk = 64U << 10;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kChunk);
    const std::size_t count = std::fread(bytes.data() + before, 1, kChunk, file.get());
    bytes.resize(before + count);
    if (bytes.size() > kMaxInput) {
      return Error{Errc::invalid_input, "'" + name + "' is larger than 64 MiB"};
    }
    if (count == 0) break;
  }
  if (std::ferror(file.get()) != 0) return not_read(name, errno);
  return bytes;
}

Result<std::string> read_secret_file(const std::string& name) {
  auto secret = read_input(name);
  if (!secret) return secret;
  if (secret->ends_with('\n')) secret->pop_back();
  if (secret->ends_with('\r')) secret->pop_back();
  if (secret->empty()) return Error{Errc::invalid_input, "'" + name + "' holds no secret"};
  return secret;
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::string url_escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace longshore
