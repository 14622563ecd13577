// SPDX-License-Identifier: Apache-2.0
#include "receiver/compose.h"

#include "pipeline/ulid.h"
#include "pipeline/url_text.h"
#include "receiver/authenticate.h"
#include "receiver/source_kind.h"
#include "receiver/sources/composing.h"

namespace longshore {
namespace {

Error cannot(std::string why) {
  return Error{Errc::invalid_input, std::move(why)};
}

// The one host that the source speaks of; empty if the sender chooses.
Result<std::string> only_host(const SourceOptions& source) {
  if (source.host) return normalise_host(*source.host);
  return std::string(kind_of(source.type).host);
}

// The host and path that the sender has to name for the source to make this repository of them.
Result<SentPush> push_of(const SourceOptions& source, const Repository& repository) {
  SentPush push;
  push.host = repository.host();
  push.path = repository.path();
  const auto only = only_host(source);
  if (!only) return only.error();
  if (only->empty() && !names_host(source.type)) {
    return cannot("a sender of the type " + std::string(name_of(source.type)) +
                  " names no registry: set `host` of the source '" + source.name + "'");
  }
  if (!only->empty() && *only != push.host) {
    return cannot("the source '" + source.name + "' speaks of " + *only + " only, not of " +
                  push.host);
  }
  if (!source.prefix) return push;
  const std::string prefix = *source.prefix + '/';
  if (!push.path.starts_with(prefix) || push.path.size() == prefix.size()) {
    return cannot("the source '" + source.name + "' speaks of repositories below " + push.host +
                  '/' + prefix + " only");
  }
  push.path.erase(0, prefix.size());
  return push;
}

// Where the sender can hold a token.
void add_token(const SourceOptions& source, ComposedRequest& request) {
  if (source.tokens.empty()) return;
  const std::string& token = source.tokens.front();
  const SourceKind& kind = kind_of(source.type);
  switch (kind.token_place) {
    case TokenPlace::path:
      request.path += '/' + percent_encode(token);
      return;
    case TokenPlace::query:
      request.query = "token=" + percent_encode(token);
      return;
    case TokenPlace::authorization:
      request.headers.emplace_back("Authorization", token);
      return;
    case TokenPlace::bearer:
      request.headers.emplace_back("Authorization", "Bearer " + token);
      return;
    case TokenPlace::header:
      request.headers.emplace_back(kind.token_header, token);
  }
}

Status sign(const SourceOptions& source, Time now, ComposedRequest& request) {
  if (source.secrets.empty()) return Done{};
  const std::string& secret = source.secrets.front();
  const SourceKind& kind = kind_of(source.type);
  if (kind.signing == Signing::none) {
    return cannot("sources of the type " + std::string(kind.name) +
                  " do not sign: give it a token instead of a secret");
  }
  if (kind.signing == Signing::hmac) {
    request.headers.emplace_back(kind.hmac.name, hmac_signature(kind.hmac, secret, request.body));
    return Done{};
  }
  const auto key = webhook_key(secret);
  if (!key) return key.error();
  const std::string id = "msg_" + Ulid::make(now).str();
  const std::string timestamp = seconds_of(now);
  request.headers.emplace_back("webhook-id", id);
  request.headers.emplace_back("webhook-timestamp", timestamp);
  request.headers.emplace_back("webhook-signature",
                               webhook_signature(*key, id, timestamp, request.body));
  return Done{};
}

}  // namespace

Result<ComposedRequest> compose(const SourceOptions& source, const ImageRef& image,
                                const std::optional<Digest>& digest, Time now) {
  const std::optional<Tag> tag = image.effective_tag();
  if (!tag) return cannot("the image has to name a tag: what is pushed by digest leads to nothing");
  auto push = push_of(source, image.repository());
  if (!push) return std::move(push).error();
  push->tag = tag->str();
  if (digest) push->digest = digest->str();
  if (!digest && image.digest()) push->digest = image.digest()->str();
  push->now = now;

  const SourceKind& kind = kind_of(source.type);
  auto body = kind.body(*push);
  if (!body) return std::move(body).error();
  ComposedRequest request;
  request.path = "/hooks/" + source.name;
  request.headers.emplace_back("User-Agent", "longshore-send");
  request.headers.emplace_back("Content-Type", kind.content_type);
  if (kind.headers != nullptr) {
    for (auto& header : kind.headers(*push))
      request.headers.push_back(std::move(header));
  }
  request.body = *std::move(body);
  add_token(source, request);
  if (auto status = sign(source, now, request); !status) return std::move(status).error();
  return request;
}

}  // namespace longshore
