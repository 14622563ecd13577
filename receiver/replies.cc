// SPDX-License-Identifier: Apache-2.0
#include "receiver/replies.h"

#include <algorithm>

#include "pipeline/json_text.h"

namespace longshore {
namespace {

constexpr std::size_t kHeaderTextMax = 200;

std::string without_blanks_in_lower_case(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || c == '\t') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// "0", "0.", "0.0" … are weights of nothing (RFC 9110, section 12.4.2).
bool is_refused(std::string_view parameters) {
  const std::size_t q = parameters.find(";q=0");
  if (q == std::string_view::npos) return false;
  const std::string_view weight = parameters.substr(q + 3);
  return weight.substr(0, weight.find(';')).find_first_not_of("0.") == std::string_view::npos;
}

bool names_json(std::string_view range) {
  const std::size_t end = std::min(range.find(';'), range.size());
  const std::string_view type = range.substr(0, end);
  if (type != "application/json" && type != "application/*" && type != "*/*") return false;
  return !is_refused(range.substr(end));
}

}  // namespace

HttpReply json_reply(int status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.headers.emplace_back("Content-Type", "application/json");
  reply.body = std::move(body);
  return reply;
}

HttpReply error_reply(int status, std::string_view message, const std::optional<Ulid>& id) {
  std::string body = R"({"error":)";
  append_json_string(body, message);
  if (id) {
    body += R"(,"id":)";
    append_json_string(body, id->str());
  }
  body += "}\n";
  return json_reply(status, std::move(body));
}

bool accepts_json(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (without_blanks_in_lower_case(name) != "accept") continue;
    const std::string ranges = without_blanks_in_lower_case(value);
    for (std::string_view rest = ranges; !rest.empty();) {
      const std::string_view range = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), range.size() + 1));
      if (names_json(range)) return true;
    }
  }
  return false;
}

std::string header_text(std::string_view text) {
  std::string out(text.substr(0, kHeaderTextMax));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace longshore
