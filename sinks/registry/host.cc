// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/host.h"

#include <algorithm>

namespace longshore {
namespace {

constexpr int kMaxRedirects = 5;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// A token that grants too little is refused with 401, or with 403 and a reason (RFC 6750, section
// 3.1); a plain 403 is the registry's last word to who asked.
bool wants_authorization(const HttpAnswer& answer, const std::vector<Challenge>& challenges) {
  if (answer.status == 401) return true;
  return answer.status == 403 &&
         std::any_of(challenges.begin(), challenges.end(), [](const Challenge& challenge) {
           return challenge.param("error") == "insufficient_scope";
         });
}

}  // namespace

RegistryHost::RegistryHost(const RegistryOptions& options, HostRules rules, HttpClient& http,
                           CredentialStore& credentials, const Clock& clock)
    : options_(options),
      connection_(options, std::move(rules), http, clock),
      authorizer_(options, connection_, credentials, clock) {}

Result<Url> RegistryHost::url(const std::string& path) const {
  return rules().base().resolve("/v2/" + path);
}

Result<HttpAnswer> RegistryHost::read(const RegistryRead& read, const CallScope& call) {
  Url url = read.url;
  for (int redirects = 0;; ++redirects) {
    auto answer = send(read, url, call);
    if (!answer || !is_redirect(answer->status) || read.redirects == Redirects::refused) {
      return answer;
    }
    if (redirects == kMaxRedirects) {
      return Error{Errc::unsupported, name() + " redirects more than five times"};
    }
    const auto location = find_field(answer->headers, "location");
    if (!location) return Error{Errc::unsupported, name() + " redirects to nowhere"};
    auto next = rules().redirect(url, *location);
    if (!next) return std::move(next).error();
    url = *std::move(next);
  }
}

Result<HttpAnswer> RegistryHost::send(const RegistryRead& read, const Url& url,
                                      const CallScope& call) {
  if (url.same_origin(rules().base())) return send_authorized(read, url, call);
  return send_with(read, url, {}, call);
}

Result<HttpAnswer> RegistryHost::send_authorized(const RegistryRead& read, const Url& url,
                                                 const CallScope& call) {
  auto authorization = authorizer_.authorization(read.repository, call);
  if (!authorization) return std::move(authorization).error();
  LoginWalk walk = authorizer_.walk(read.repository, call);
  while (true) {
    auto answer = send_with(read, url, *authorization, call);
    if (!answer) return answer;
    const auto challenges = parse_challenges(answer->headers);
    const bool is_challenge = wants_authorization(*answer, challenges);
    if (!is_challenge && answer->status != 403) return answer;
    auto next = is_challenge
                    ? authorizer_.renew(challenges, read.repository, *authorization, walk, call)
                    : authorizer_.renew_as_another(read.repository, *authorization, walk, call);
    if (!next && is_challenge) return std::move(next).error();
    if (!next) return answer;
    authorization = std::move(next);
  }
}

Result<HttpAnswer> RegistryHost::send_with(const RegistryRead& read, const Url& url,
                                           const std::string& authorization,
                                           const CallScope& call) {
  OutboundRequest request;
  request.method = read.method;
  request.fields = read.fields;
  request.max_body_bytes = read.max_body_bytes;
  if (!authorization.empty()) request.fields.emplace_back("Authorization", authorization);
  return connection_.send(std::move(request), url, call);
}

}  // namespace longshore
