// SPDX-License-Identifier: Apache-2.0
#include "cli/send_request.h"

#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "sinks/http/post.h"

namespace longshore {
namespace {

constexpr std::chrono::seconds kTimeout{20};

// The server may stand behind a path of its own (https://example.com/longshore), but the path of
// the hook is ours to add: it may hold the token.
Result<std::string> whole_url(std::string url, const std::string& target) {
  while (url.ends_with('/'))
    url.pop_back();
  if (url.find("/hooks/") != std::string::npos || url.find_first_of("?#") != std::string::npos) {
    return Error{Errc::invalid_input,
                 "--to: expected the server alone, such as http://localhost:8080; the path of the "
                 "hook is added"};
  }
  return url + target;
}

std::string header_of(const HttpAnswer& answer, std::string_view name) {
  const Headers headers(answer.headers.begin(), answer.headers.end());
  return std::string(find_header(headers, name).value_or(""));
}

// One line: "202 accepted, event 01J…", with what the server says of it.
std::string text_of(const HttpAnswer& answer) {
  const bool accepted = answer.status / 100 == 2;
  const std::string event = header_of(answer, "Longshore-Event");
  const std::string note = header_of(answer, "Longshore-Note");
  std::string out = coloured(std::to_string(answer.status) + (accepted ? " taken" : " refused"),
                             accepted ? Colour::green : Colour::red);
  if (!event.empty()) out += ", event " + printable(event);
  if (!note.empty()) out += ", " + printable(note);
  out += "\n";
  std::string body = printable(answer.body);
  while (body.ends_with('\n'))
    body.pop_back();
  return body.empty() ? out : out + body + "\n";
}

std::string json_of(const HttpAnswer& answer) {
  using Json = nlohmann::ordered_json;
  Json document;
  document["status"] = answer.status;
  const std::string event = header_of(answer, "Longshore-Event");
  const std::string note = header_of(answer, "Longshore-Note");
  if (!event.empty()) document["event"] = event;
  if (!note.empty()) document["note"] = note;
  if (!answer.body.empty()) document["body"] = answer.body;
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// The message without the path, which may end in the token.
std::string without_path(std::string message, const std::string& target) {
  const std::string path = target.substr(0, target.find('?'));
  for (std::size_t at = message.find(path); at != std::string::npos; at = message.find(path)) {
    message.erase(at, path.size());
  }
  return message;
}

}  // namespace

int send_request(const std::string& url, const std::string& target, const ComposedRequest& request,
                 bool json) {
  const auto whole = whole_url(url, target);
  if (!whole) return fail(whole.error());
  const HttpFields fields(request.headers.begin(), request.headers.end());
  const auto answer = http_post(*whole, fields, request.body, kTimeout);
  if (!answer) {
    const Error error{answer.error().code, without_path(answer.error().message, target)};
    return error.code == Errc::unavailable ? fail(kExitNoServer, error.message) : fail(error);
  }
  if (!print(json ? json_of(*answer) : text_of(*answer))) return kExitFailed;
  return answer->status / 100 == 2 ? kExitOk : kExitFailed;
}

}  // namespace longshore
