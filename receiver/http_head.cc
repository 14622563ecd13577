// SPDX-License-Identifier: Apache-2.0
#include "receiver/http_head.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace longshore {
namespace {

using Refused = std::optional<Refusal>;

constexpr std::array<std::string_view, 8> kMethods = {"GET",    "HEAD",  "POST",    "PUT",
                                                      "DELETE", "PATCH", "OPTIONS", "TRACE"};

Refusal malformed(std::string reason) {
  return {400, std::move(reason)};
}

// RFC 9110, section 5.6.2.
bool is_token_character(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

// Visible characters, blanks, tabs and what is above ASCII.
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= ' ' || c < 0 || c == '\t') && c != 0x7f; });
}

bool is_target(std::string_view text) {
  return text.starts_with('/') && text.find('#') == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Refused read_request_line(std::string_view line, RequestHead& head, bool& is_1_0) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return malformed("the request line is not METHOD TARGET VERSION");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method)) return malformed("the method is not a token");
  if (!is_target(target)) return malformed("the target is not a path of printable ASCII");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    if (!version.starts_with("HTTP/")) return malformed("the request line names no HTTP version");
    return Refusal{505, "this server speaks HTTP/1.1 and 1.0"};
  }
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
    return Refusal{501, "the method is unknown here"};
  }
  head.method = method;
  head.target = target;
  is_1_0 = version == "HTTP/1.0";
  return std::nullopt;
}

Refused read_field(std::string_view line, Headers& headers) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return malformed("a header field goes on in the next line");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return malformed("a header field has no proper name");
  }
  std::string_view value = line.substr(colon + 1);
  if (!is_field_value(value)) return malformed("a header field holds a control character");
  if (headers.size() == kMaxHeaders) return Refusal{431, "too many header fields"};
  const std::size_t begin = value.find_first_not_of(" \t");
  value = begin == std::string_view::npos ? std::string_view() : value.substr(begin);
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  headers.emplace_back(line.substr(0, colon), value);
  return std::nullopt;
}

std::size_t count_of(const Headers& headers, std::string_view lower_case_name) {
  return static_cast<std::size_t>(std::count_if(
      headers.begin(), headers.end(),
      [&](const auto& field) { return in_lower_case(field.first) == lower_case_name; }));
}

Refused read_length(std::string_view text, std::size_t& length) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return malformed("Content-Length is no number");
  }
  return std::nullopt;
}

bool needs_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

Refused read_framing(RequestHead& head, bool is_1_0) {
  const std::size_t lengths = count_of(head.headers, "content-length");
  const std::size_t codings = count_of(head.headers, "transfer-encoding");
  if (lengths > 1) return malformed("Content-Length is there more than once");
  if (codings > 1) return malformed("Transfer-Encoding is there more than once");
  if (lengths + codings > 1) {
    return malformed("Content-Length and Transfer-Encoding exclude each other");
  }
  if (lengths == 1) {
    return read_length(*find_header(head.headers, "content-length"), head.framing.length);
  }
  if (codings == 0) {
    if (!needs_body(head.method)) return std::nullopt;
    return Refusal{411, "the request does not say how long its body is"};
  }
  if (is_1_0) return malformed("HTTP/1.0 has no Transfer-Encoding");
  if (in_lower_case(*find_header(head.headers, "transfer-encoding")) != "chunked") {
    return Refusal{501, "the only transfer coding that is read here is chunked"};
  }
  head.framing.chunked = true;
  return std::nullopt;
}

Refused read_connection(RequestHead& head, bool is_1_0) {
  head.keep_alive = !is_1_0;
  for (const auto& [name, value] : head.headers) {
    if (in_lower_case(name) != "connection") continue;
    if (in_lower_case(value).find("close") != std::string::npos) head.keep_alive = false;
  }
  const auto expectation = find_header(head.headers, "expect");
  if (!expectation || is_1_0) return std::nullopt;
  if (in_lower_case(*expectation) != "100-continue") {
    return Refusal{417, "the only expectation that is met here is 100-continue"};
  }
  head.expects_continue = true;
  return std::nullopt;
}

Refused read_head(std::string_view text, RequestHead& head) {
  bool is_1_0 = false;
  for (bool is_first = true; text != "\r\n"; is_first = false) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      return malformed("a line of the head does not end in CRLF");
    }
    text.remove_prefix(end + 2);
    auto refused =
        is_first ? read_request_line(line, head, is_1_0) : read_field(line, head.headers);
    if (refused) return refused;
  }
  const std::size_t hosts = count_of(head.headers, "host");
  if (hosts > 1 || (hosts == 0 && !is_1_0)) return malformed("there must be one Host");
  if (auto refused = read_framing(head, is_1_0)) return refused;
  return read_connection(head, is_1_0);
}

}  // namespace

std::variant<RequestHead, Refusal> parse_head(std::string_view text) {
  RequestHead head;
  if (auto refused = read_head(text, head)) return *std::move(refused);
  return head;
}

}  // namespace longshore
