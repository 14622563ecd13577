// SPDX-License-Identifier: Apache-2.0
#include "bench/http_head.h"

#include <charconv>

#include <strings.h>

namespace longshore::bench {
namespace {

bool same_name(std::string_view field, std::string_view name) {
  return field.size() == name.size() && ::strncasecmp(field.data(), name.data(), name.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

void read_field(std::string_view line, HttpHead& head) {
  // Content-Length, Connection and Transfer-Encoding: the first letter rules out all others.
  const char first = static_cast<char>(line.empty() ? 0 : line.front() | 0x20);
  if (first != 'c' && first != 't') return;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (same_name(name, "content-length")) {
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, head.body_size);
    if (error != std::errc{} || stop != end) head.state = HttpHead::State::bad;
  } else if (same_name(name, "connection")) {
    if (same_name(value, "close")) head.after = HttpHead::After::close;
  } else if (same_name(name, "transfer-encoding")) {
    head.state = HttpHead::State::bad;
  }
}

}  // namespace

HttpHead read_head(std::string_view bytes) {
  HttpHead head;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return head;
  head.state = HttpHead::State::complete;
  head.size = end + 4;
  std::string_view rest = bytes.substr(0, end + 2);
  while (!rest.empty()) {
    const std::size_t line_end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, line_end);
    if (head.start_line.empty()) {
      head.start_line = line;
    } else {
      read_field(line, head);
    }
    rest.remove_prefix(line_end + 2);
  }
  return head;
}

}  // namespace longshore::bench
