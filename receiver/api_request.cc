// SPDX-License-Identifier: Apache-2.0
#include "receiver/api_request.h"

#include <algorithm>

#include "pipeline/text.h"
#include "pipeline/url_text.h"
#include "receiver/replies.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxActor = 64;

int status_of(Errc code) {
  switch (code) {
    case Errc::invalid_input:
      return 400;
    case Errc::unauthorized:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
      return 409;
    case Errc::unsupported:
      return 501;
    case Errc::busy:
    case Errc::unavailable:
    case Errc::io:
      break;
  }
  return 503;
}

}  // namespace

bool is_read(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

HttpReply wrong_method(const char* allowed) {
  HttpReply reply = error_reply(405, std::string("this path is asked with ") + allowed);
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

HttpReply failed(const Error& error) {
  return error_reply(status_of(error.code), error.message);
}

Status check_parameters(const HttpRequest& request, std::span<const std::string_view> known) {
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::string name(pair.substr(0, pair.find('=')));
    if (std::ranges::find(known, name) == known.end()) {
      return Error{Errc::invalid_input, in_quotes(name) + " is no parameter of this path"};
    }
    const auto value = form_value(request.query, name, Plus::space);
    if (!value || value->empty()) {
      return Error{Errc::invalid_input, name + ": expected one value that is not empty"};
    }
  }
  return Done{};
}

std::string parameter(const HttpRequest& request, std::string_view name) {
  return form_value(request.query, name, Plus::space).value_or("");
}

std::string actor_of(const HttpRequest& request) {
  const auto actor = find_header(request.headers, "Longshore-Actor");
  if (!actor || actor->empty()) return "operator";
  return header_text(actor->substr(0, kMaxActor));
}

}  // namespace longshore
