// SPDX-License-Identifier: Apache-2.0
#include "receiver/compose.h"

#include <cstdint>

#include "pipeline/crypto.h"
#include "pipeline/json_text.h"
#include "pipeline/ulid.h"
#include "pipeline/url_text.h"
#include "receiver/admit.h"
#include "receiver/authenticate.h"

namespace longshore {
namespace {

// What is sent, in the sender's words.
struct Push {
  std::string host;
  std::string path;
  std::string tag;
  std::string digest;  // empty: unknown
  Time now;
};

Error cannot(std::string why) {
  return Error{Errc::invalid_input, std::move(why)};
}

std::string quote(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// "name":"value" with a comma before it; nothing for an empty value.
std::string member(std::string_view name, std::string_view value) {
  return value.empty() ? "" : "," + quote(name) + ":" + quote(value);
}

std::string seconds_of(Time time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

// 16 random bytes as senders write them: 8-4-4-4-12 hex digits.
std::string uuid(Time now) {
  std::string hex = to_hex(Ulid::make(now).bytes());
  for (const std::size_t at : {8U, 13U, 18U, 23U})
    hex.insert(at, "-");
  return hex;
}

std::string dockerhub_body(const Push& push) {
  const std::size_t slash = push.path.find('/');
  return "{\"push_data\":{\"pushed_at\":" + seconds_of(push.now) +
         ",\"pusher\":\"longshore-send\",\"tag\":" + quote(push.tag) +
         "},\"repository\":{\"name\":" + quote(push.path.substr(slash + 1)) +
         ",\"namespace\":" + quote(push.path.substr(0, slash)) +
         ",\"repo_name\":" + quote(push.path) +
         ",\"repo_url\":" + quote("https://hub.docker.com/r/" + push.path) +
         ",\"status\":\"Active\"}}";
}

std::string harbor_body(const Push& push) {
  const std::size_t slash = push.path.find('/');
  const std::string project = slash == std::string::npos ? "" : push.path.substr(0, slash);
  const std::string name = slash == std::string::npos ? push.path : push.path.substr(slash + 1);
  const std::string url = push.host + '/' + push.path + ':' + push.tag;
  return "{\"type\":\"PUSH_ARTIFACT\",\"occur_at\":" + seconds_of(push.now) +
         ",\"operator\":\"longshore-send\",\"event_data\":{\"resources\":[{\"tag\":" +
         quote(push.tag) + member("digest", push.digest) + ",\"resource_url\":" + quote(url) +
         "}],\"repository\":{\"name\":" + quote(name) + ",\"namespace\":" + quote(project) +
         ",\"repo_full_name\":" + quote(push.path) + ",\"repo_type\":\"private\"}}}";
}

std::string distribution_body(const Push& push) {
  const std::string name = push.digest.empty() ? push.tag : push.digest;
  const std::string url = "https://" + push.host + "/v2/" + push.path + "/manifests/" + name;
  return "{\"events\":[{\"id\":" + quote(uuid(push.now)) +
         ",\"timestamp\":" + quote(format_time(push.now)) +
         ",\"action\":\"push\",\"target\":{\"mediaType\":"
         "\"application/vnd.oci.image.manifest.v1+json\"" +
         member("digest", push.digest) + ",\"repository\":" + quote(push.path) +
         ",\"url\":" + quote(url) + ",\"tag\":" + quote(push.tag) +
         "},\"request\":{\"host\":" + quote(push.host) +
         ",\"method\":\"PUT\"},\"actor\":{\"name\":\"longshore-send\"}}]}";
}

std::string github_body(const Push& push) {
  const std::size_t slash = push.path.find('/');
  const std::string url = push.host + '/' + push.path + ':' + push.tag;
  return "{\"action\":\"published\",\"package\":{\"name\":" + quote(push.path.substr(slash + 1)) +
         ",\"namespace\":" + quote(push.path.substr(0, slash)) +
         ",\"ecosystem\":\"CONTAINER\",\"package_type\":\"CONTAINER\",\"package_version\":{"
         "\"package_url\":" +
         quote(url) + member("version", push.digest) +
         ",\"container_metadata\":{\"tag\":{\"name\":" + quote(push.tag) +
         member("digest", push.digest) + "}},\"updated_at\":" + quote(format_time(push.now)) +
         "}},\"sender\":{\"login\":\"longshore-send\"}}";
}

std::string native_body(const Push& push) {
  std::string image = push.host + '/' + push.path + ':' + push.tag;
  if (!push.digest.empty()) image += '@' + push.digest;
  return "{\"image\":" + quote(image) +
         ",\"actor\":\"longshore-send\",\"occurred_at\":" + quote(format_time(push.now)) + "}";
}

// The one host that the source speaks of; empty if the sender chooses.
Result<std::string> only_host(const SourceOptions& source) {
  if (source.host) return normalise_host(*source.host);
  return std::string(constant_host(source.type));
}

// The host and path that the sender has to name for the source to make this repository of them.
Result<Push> push_of(const SourceOptions& source, const Repository& repository) {
  Push push;
  push.host = repository.host();
  push.path = repository.path();
  const auto only = only_host(source);
  if (!only) return only.error();
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

std::string body_of(SourceType type, const Push& push) {
  switch (type) {
    case SourceType::dockerhub:
      return dockerhub_body(push);
    case SourceType::harbor:
      return harbor_body(push);
    case SourceType::distribution:
      return distribution_body(push);
    case SourceType::github:
      return github_body(push);
    case SourceType::native:
      break;
  }
  return native_body(push);
}

std::string content_type(SourceType type) {
  return type == SourceType::distribution ? "application/vnd.docker.distribution.events.v1+json"
                                          : "application/json";
}

// Where the sender can hold a token: GitHub's and Docker Hub's hooks are a URL and nothing else.
void add_token(const SourceOptions& source, ComposedRequest& request) {
  if (source.tokens.empty()) return;
  const std::string& token = source.tokens.front();
  switch (source.type) {
    case SourceType::dockerhub:
      request.path += '/' + percent_encode(token);
      return;
    case SourceType::github:
      request.query = "token=" + percent_encode(token);
      return;
    case SourceType::harbor:
      request.headers.emplace_back("Authorization", token);
      return;
    case SourceType::distribution:
    case SourceType::native:
      request.headers.emplace_back("Authorization", "Bearer " + token);
  }
}

Status sign(const SourceOptions& source, Time now, ComposedRequest& request) {
  if (source.type == SourceType::github) {
    request.headers.emplace_back("X-GitHub-Event", "package");
    request.headers.emplace_back("X-GitHub-Delivery", uuid(now));
  }
  if (source.secrets.empty()) return Done{};
  const std::string& secret = source.secrets.front();
  if (source.type == SourceType::github) {
    request.headers.emplace_back("X-Hub-Signature-256", github_signature(secret, request.body));
    return Done{};
  }
  if (source.type != SourceType::native) {
    return cannot("sources of the type " + std::string(name_of(source.type)) +
                  " do not sign: give it a token instead of a secret");
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
  if (source.type == SourceType::github && push->path.find('/') == std::string::npos) {
    return cannot("an image in " + push->host + " is OWNER/NAME");
  }
  push->tag = tag->str();
  if (digest) push->digest = digest->str();
  if (!digest && image.digest()) push->digest = image.digest()->str();
  push->now = now;

  ComposedRequest request;
  request.path = "/hooks/" + source.name;
  request.headers.emplace_back("User-Agent", "longshore-send");
  request.headers.emplace_back("Content-Type", content_type(source.type));
  request.body = body_of(source.type, *push);
  add_token(source, request);
  if (auto status = sign(source, now, request); !status) return std::move(status).error();
  return request;
}

}  // namespace longshore
