// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/authorizer.h"

#include <algorithm>

#include "pipeline/crypto.h"
#include "pipeline/json_reader.h"
#include "pipeline/url_text.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxTokenBytes = 32U << 10;
constexpr std::size_t kMaxTokens = 10'000;
// "If omitted, this defaults to 60 seconds" (Token Authentication Specification, "Token Response
// Fields"). Longer than a day is not believed.
constexpr double kDefaultSeconds = 60;
constexpr double kMostSeconds = 86'400;
// So long before its end a token is renewed; of a short life at most a quarter.
constexpr std::chrono::milliseconds kMargin{10'000};

constexpr std::string_view kBasic = "Basic ";
constexpr std::string_view kBearer = "Bearer ";

// The one to answer: Bearer if it is offered, else Basic.
const Challenge* choose(const std::vector<Challenge>& challenges) {
  for (const std::string_view scheme : {"bearer", "basic"}) {
    const auto found = std::find_if(challenges.begin(), challenges.end(),
                                    [scheme](const auto& one) { return one.scheme == scheme; });
    if (found != challenges.end()) return &*found;
  }
  return nullptr;
}

std::string scope_of(const std::string& repository) {
  return "repository:" + repository + ":pull";
}

std::string basic_field(const Credentials& credentials) {
  return std::string(kBasic) + to_base64(credentials.username + ':' + credentials.password);
}

// RFC 6750, section 2.1, "b64token": what fits into a field.
bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

struct TokenRequest {
  Url url;
  OutboundRequest request;
};

TokenRequest token_request(const Url& realm, std::string_view service,
                           const std::string& repository,
                           const std::optional<Credentials>& credentials) {
  OutboundRequest request;
  request.fields = {{"Accept", "application/json"}};
  request.max_body_bytes = 256U << 10;
  if (credentials && !credentials->identity_token.empty()) {
    // distribution, "Token Authentication Specification", OAuth2.
    request.body =
        "grant_type=refresh_token&client_id=longshore&service=" + percent_encode(service) +
        "&scope=" + percent_encode(scope_of(repository)) +
        "&refresh_token=" + percent_encode(credentials->identity_token);
    request.method = "POST";
    request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return {realm, std::move(request)};
  }
  Url url = realm;
  if (!service.empty()) url = url.with_query("service", service);
  url = url.with_query("scope", scope_of(repository));
  if (credentials) request.fields.emplace_back("Authorization", basic_field(*credentials));
  return {std::move(url), std::move(request)};
}

}  // namespace

Authorizer::Authorizer(const RegistryOptions& options, RegistryConnection& connection,
                       CredentialStore& credentials, const Clock& clock)
    : options_(options), connection_(connection), credentials_(credentials), clock_(clock) {}

Result<std::string> Authorizer::authorization(const std::string& repository,
                                              const CallScope& call) {
  Challenge challenge;
  {
    const std::lock_guard lock(mutex_);
    if (!known_) return std::string();
    const auto token = tokens_.find(repository);
    if (token != tokens_.end() && token->second.until > clock_.steady()) {
      return std::string(kBearer) + token->second.text;
    }
    challenge = *known_;
  }
  LoginWalk ways = walk(repository, call);
  return obtain(challenge, repository, ways, call);
}

Result<std::string> Authorizer::renew(const std::vector<Challenge>& challenges,
                                      const std::string& repository, std::string_view refused,
                                      LoginWalk& walk, const CallScope& call) {
  forget(repository, refused);
  if (walk.has_begun()) walk.refuse(refused_again(repository, refused));
  const Challenge* challenge = choose(challenges);
  if (!challenge) {
    return walk.refusal().value_or(
        Error{Errc::unauthorized,
              options_.host + " refuses, and offers neither Basic nor Bearer authentication"});
  }
  auto authorization = obtain(*challenge, repository, walk, call);
  if (!authorization) return authorization;
  const std::lock_guard lock(mutex_);
  known_ = *challenge;
  return authorization;
}

Result<std::string> Authorizer::renew_as_another(const std::string& repository,
                                                 std::string_view refused, LoginWalk& walk,
                                                 const CallScope& call) {
  std::optional<Challenge> challenge;
  if (walk.has_choice()) {
    const std::lock_guard lock(mutex_);
    challenge = known_;
  }
  if (!challenge) return Error{Errc::unauthorized, options_.host + " answers 403"};
  return renew({*challenge}, repository, refused, walk, call);
}

Error Authorizer::refused_again(const std::string& repository, std::string_view refused) const {
  if (refused.starts_with(kBearer)) {
    return Error{Errc::unauthorized, "the token service of " + options_.host +
                                         " answers, but does not grant pull on " + repository};
  }
  return Error{Errc::unauthorized,
               options_.host + " refuses the user name and password that it is given"};
}

void Authorizer::forget(const std::string& repository, std::string_view refused) {
  if (refused.starts_with(kBasic)) credentials_.forget(options_.host);
  if (!refused.starts_with(kBearer)) return;
  const std::lock_guard lock(mutex_);
  const auto token = tokens_.find(repository);
  // Another thread may have renewed it already.
  if (token != tokens_.end() && token->second.text == refused.substr(kBearer.size())) {
    tokens_.erase(token);
  }
}

void Authorizer::keep(const std::string& repository, Token token) {
  const std::lock_guard lock(mutex_);
  if (tokens_.size() >= kMaxTokens) {
    const SteadyTime now = clock_.steady();
    std::erase_if(tokens_, [now](const auto& entry) { return entry.second.until <= now; });
    if (tokens_.size() >= kMaxTokens) tokens_.clear();
  }
  tokens_[repository] = std::move(token);
}

Result<std::string> Authorizer::obtain(const Challenge& challenge, const std::string& repository,
                                       LoginWalk& walk, const CallScope& call) {
  while (true) {
    const auto way = walk.next();
    if (!way) return way.error();
    if (!*way) {
      return walk.refusal().value_or(Error{Errc::unauthorized, options_.host + " refuses"});
    }
    auto field = obtain_as((*way)->credentials, challenge, repository, call);
    if (field || field.error().code != Errc::unauthorized) return field;
    walk.refuse(std::move(field).error());
  }
}

Result<std::string> Authorizer::obtain_as(const std::optional<Credentials>& credentials,
                                          const Challenge& challenge, const std::string& repository,
                                          const CallScope& call) {
  if (challenge.scheme == "basic") return basic(credentials);
  auto token = fetch(credentials, challenge, repository, call);
  if (!token) return std::move(token).error();
  std::string field = std::string(kBearer) + token->text;
  keep(repository, *std::move(token));
  return field;
}

Result<std::string> Authorizer::basic(const std::optional<Credentials>& credentials) const {
  if (!credentials || credentials->username.empty()) {
    return Error{Errc::unauthorized,
                 options_.host + " wants a user name and a password, and none are configured"};
  }
  return basic_field(*credentials);
}

Result<Authorizer::Token> Authorizer::fetch(const std::optional<Credentials>& credentials,
                                            const Challenge& challenge,
                                            const std::string& repository, const CallScope& call) {
  const Secrets secrets = credentials ? Secrets::some : Secrets::none;
  auto realm = connection_.rules().realm(challenge.param("realm"), secrets);
  if (!realm) return std::move(realm).error();
  TokenRequest asked =
      token_request(realm->url, challenge.param("service"), repository, credentials);
  const SteadyTime asked_at = clock_.steady();
  auto answer = connection_.send(std::move(asked.request), asked.url, call);
  if (!answer) {
    const Error& error = answer.error();
    return Error{error.code, "the token service of " + options_.host + ": " + error.message};
  }
  if (answer->status == 200) return read_token(*answer, asked_at);
  // Credentials that a helper gave may have become old.
  if (answer->status == 401) credentials_.forget(options_.host);
  return refused_by_service(*answer, secrets);
}

Error Authorizer::refused_by_service(const HttpAnswer& answer, Secrets given) const {
  const std::string service = "the token service of " + options_.host;
  const bool refused = answer.status == 401 || answer.status == 403;
  if (refused && given == Secrets::some) {
    return Error{Errc::unauthorized, service + " refuses the credentials"};
  }
  if (refused) {
    return Error{Errc::unauthorized, service + " wants credentials, and none are configured"};
  }
  return Error{Errc::unavailable, service + " answers " + std::to_string(answer.status)};
}

Result<Authorizer::Token> Authorizer::read_token(const HttpAnswer& answer,
                                                 SteadyTime asked_at) const {
  JsonDocument document(answer.body);
  const JsonObject root = document.root({"token", "access_token", "expires_in"});
  auto text = root.text("token", kMaxTokenBytes);
  if (!text) text = root.text("access_token", kMaxTokenBytes);
  const double told = root.number("expires_in").value_or(kDefaultSeconds);
  if (document.error() || !text || !is_token(*text)) {
    return Error{Errc::unavailable, "the token service of " + options_.host +
                                        " answers 200 without a token that can be sent"};
  }
  const double seconds = told > 0 ? std::min(told, kMostSeconds) : kDefaultSeconds;
  const std::chrono::milliseconds life{static_cast<std::int64_t>(seconds * 1'000)};
  return Token{std::string(*text), asked_at + life - std::min(kMargin, life / 4)};
}

}  // namespace longshore
