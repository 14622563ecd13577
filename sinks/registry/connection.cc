// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/connection.h"

#include "sinks/registry/header_fields.h"

namespace longshore {
namespace {

// For a 429 that does not say until when.
constexpr std::chrono::seconds kUnsaid{30};

}  // namespace

RegistryConnection::RegistryConnection(const RegistryOptions& options, HostRules rules,
                                       HttpClient& http, const Clock& clock)
    : rules_(std::move(rules)),
      http_(http),
      clock_(clock),
      gate_(options.host, options.concurrency, options.requests_per_second, clock) {}

Result<HttpAnswer> RegistryConnection::send(OutboundRequest request, const Url& url,
                                            const CallScope& call) {
  const auto pass = gate_.enter(call);
  if (!pass) return pass.error();
  request.url = url.str();
  request.timeout = call.left();
  request.reach = rules_.reach(url);
  request.tls = rules_.tls(url);
  auto answer = http_.send(request, call.stop);
  if (!answer) return answer;
  if (auto error = failure(url, *answer)) return *std::move(error);
  return answer;
}

std::optional<Error> RegistryConnection::failure(const Url& url, const HttpAnswer& answer) {
  const bool overloaded = answer.status == 429 || answer.status == 503;
  const bool broken = answer.status == 408 || (answer.status >= 500 && answer.status != 501);
  if (!overloaded && !broken) return std::nullopt;
  const std::string said = url.authority() + " answers " + std::to_string(answer.status);
  auto wait = overloaded ? retry_after(answer.headers, clock_.now()) : std::nullopt;
  if (answer.status == 429 && !wait) wait = kUnsaid;
  if (!wait) return Error{Errc::unavailable, said};
  // Where it redirects to is another one's: that is asked again, and so is the registry.
  if (rules_.is_own(url)) gate_.close_for(*wait);
  return Error{Errc::busy, said + ": not to be asked before " + format_time(clock_.now() + *wait)};
}

}  // namespace longshore
