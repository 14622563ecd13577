// SPDX-License-Identifier: Apache-2.0
#include "receiver/authenticate.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "pipeline/crypto.h"
#include "pipeline/url_text.h"
#include "receiver/sources/reading.h"

namespace longshore {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kMaxIdBytes = 256;
constexpr auto kMaxSkew = std::chrono::minutes{5};

Error refused(std::string why) {
  return Error{Errc::unauthorized, std::move(why)};
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() > word.size() && text[word.size()] == ' ' &&
         std::equal(word.begin(), word.end(), text.begin(), [](char w, char t) {
           return w == (t >= 'A' && t <= 'Z' ? static_cast<char>(t - 'A' + 'a') : t);
         });
}

std::string_view after_word(std::string_view text, std::string_view word) {
  const std::size_t begin = text.find_first_not_of(' ', word.size());
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

// Everything in the request that could be a token.
std::vector<std::string> shown_tokens(const SourceKind& kind, const HttpRequest& request,
                                      std::optional<std::string_view> path_token) {
  std::vector<std::string> shown;
  const auto add = [&](std::optional<std::string> text) {
    if (text && !text->empty()) shown.push_back(*std::move(text));
  };
  if (const auto header = find_header(request.headers, "Authorization")) {
    add(std::string(*header));
    if (starts_with_word(*header, "bearer")) add(std::string(after_word(*header, "bearer")));
    if (starts_with_word(*header, "basic")) {
      const auto pair = from_base64(after_word(*header, "basic"));
      const std::size_t colon = pair ? pair->find(':') : std::string::npos;
      if (colon != std::string::npos) add(pair->substr(colon + 1));
    }
  }
  if (!kind.token_header.empty()) {
    if (const auto header = find_header(request.headers, kind.token_header)) {
      add(std::string(*header));
    }
  }
  add(form_value(request.query, "token", Plus::itself));
  if (path_token) add(percent_decode(*path_token, Plus::itself));
  return shown;
}

// Looks at every pair, also after a match. Hashes are compared, so that the time does not depend on
// the token's length either.
std::optional<std::size_t> find_token(const std::vector<std::string>& tokens,
                                      const std::vector<std::string>& shown) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Sha256 token = sha256(tokens[i]);
    for (const std::string& text : shown) {
      if (equal_constant_time(as_bytes(token), as_bytes(sha256(text)))) found = i;
    }
  }
  return found;
}

std::size_t hex_digits(HmacHeader::Hash hash) {
  return 2 * (hash == HmacHeader::Hash::sha1 ? sizeof(Sha1) : sizeof(Sha256));
}

Result<std::size_t> check_hmac(const HmacHeader& hmac, const std::vector<std::string>& secrets,
                               const HttpRequest& request) {
  const std::string name(hmac.name);
  const auto header = find_header(request.headers, hmac.name);
  if (!header) return refused(name + " is missing or there twice");
  const bool of_payload = hmac.text == HmacHeader::Signed::payload && is_form(request.headers);
  const auto payload = of_payload ? form_value(request.body, "payload", Plus::space) : std::nullopt;
  const std::string_view text = payload ? std::string_view(*payload) : request.body;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    if (equal_constant_time(*header, hmac_signature(hmac, secrets[i], text))) found = i;
  }
  if (found) return *found;
  const std::size_t digits = hex_digits(hmac.hash);
  if (header->size() != hmac.prefix.size() + digits) {
    const std::string prefix = hmac.prefix.empty() ? "" : std::string(hmac.prefix) + " and ";
    return refused(name + " is not " + prefix + std::to_string(digits) + " hex digits");
  }
  return refused(name + " does not match the body and the secret");
}

Status check_timestamp(std::string_view text, Time now) {
  const bool digits =
      !text.empty() && text.size() <= 11 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return refused("webhook-timestamp is no number of seconds");
  std::int64_t seconds = 0;
  for (const char c : text)
    seconds = seconds * 10 + (c - '0');
  const auto skew = now - Time{std::chrono::seconds{seconds}};
  if (skew > kMaxSkew || skew < -kMaxSkew) {
    return refused("webhook-timestamp is more than 5 minutes away from this clock");
  }
  return Done{};
}

// Whether one of the signatures in the list is this one.
bool holds_signature(std::string_view list, std::string_view signature) {
  bool found = false;
  while (!list.empty()) {
    const std::size_t end = list.find(' ');
    found = equal_constant_time(list.substr(0, end), signature) || found;
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  }
  return found;
}

Result<std::size_t> check_webhook(const std::vector<std::string>& secrets,
                                  const HttpRequest& request, Time now) {
  const auto id = find_header(request.headers, "webhook-id");
  const auto timestamp = find_header(request.headers, "webhook-timestamp");
  const auto list = find_header(request.headers, "webhook-signature");
  if (!id || !timestamp || !list) {
    return refused("webhook-id, webhook-timestamp or webhook-signature is missing or there twice");
  }
  // A "." in it would let the parts of the signed text be divided in another way.
  if (id->empty() || id->size() > kMaxIdBytes || id->find('.') != std::string_view::npos) {
    return refused("webhook-id is empty, too long or has a '.'");
  }
  if (auto fresh = check_timestamp(*timestamp, now); !fresh) return std::move(fresh).error();
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    const auto key = webhook_key(secrets[i]);
    if (!key) continue;
    const std::string signature = webhook_signature(*key, *id, *timestamp, request.body);
    if (holds_signature(*list, signature)) found = i;
  }
  if (found) return *found;
  return refused("webhook-signature does not match the body and the secret");
}

Result<std::size_t> check_signature(const SourceOptions& source, const HttpRequest& request,
                                    Time now) {
  const SourceKind& kind = kind_of(source.type);
  switch (kind.signing) {
    case Signing::hmac:
      return check_hmac(kind.hmac, source.secrets, request);
    case Signing::standard_webhooks:
      return check_webhook(source.secrets, request, now);
    case Signing::none:
      break;
  }
  return refused("the source has a secret, but its type does not sign: give it a token instead");
}

}  // namespace

Result<Proven> authenticate(const SourceOptions& source, const HttpRequest& request,
                            std::optional<std::string_view> path_token, Time now) {
  Proven proven;
  if (!source.from.empty() && !any_contains(source.from, request.address)) {
    return refused("the source may not send from this address");
  }
  if (source.tokens.empty() && source.secrets.empty()) {
    if (source.insecure) return proven;
    return refused("the source has neither a token nor a secret");
  }
  if (!source.tokens.empty()) {
    const std::vector<std::string> shown = shown_tokens(kind_of(source.type), request, path_token);
    proven.token = find_token(source.tokens, shown);
    if (shown.empty()) return refused("no token was shown");
    if (!proven.token) return refused("the token is another one");
  }
  if (!source.secrets.empty()) {
    auto secret = check_signature(source, request, now);
    if (!secret) return std::move(secret).error();
    proven.secret = *secret;
  }
  return proven;
}

Result<std::string> webhook_key(std::string_view secret) {
  const Error bad{Errc::invalid_input, "a secret of Standard Webhooks is whsec_ and base64"};
  if (!secret.starts_with(kSecretPrefix)) return bad;
  auto key = from_base64(secret.substr(kSecretPrefix.size()));
  if (!key || key->empty()) return bad;
  return *std::move(key);
}

std::string hmac_signature(const HmacHeader& hmac, std::string_view secret, std::string_view text) {
  const std::string hex = hmac.hash == HmacHeader::Hash::sha1
                              ? to_hex(as_bytes(hmac_sha1(secret, text)))
                              : to_hex(as_bytes(hmac_sha256(secret, text)));
  return std::string(hmac.prefix) + hex;
}

std::string webhook_signature(std::string_view key, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  std::string text(id);
  text += '.';
  text += timestamp;
  text += '.';
  text += body;
  return "v1," + to_base64(as_bytes(hmac_sha256(key, text)));
}

}  // namespace longshore
