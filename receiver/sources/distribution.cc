// SPDX-License-Identifier: Apache-2.0
//
// The CNCF Distribution registry (2.x, 3.x) sends an envelope, in practice with one event:
//
//   {"events": [{"id": …, "timestamp": …, "action": "push",
//                "target": {"mediaType": …, "digest": …, "repository": "acme/app", "tag": "1.2"},
//                "request": {"host": "registry.example.com", …}, "actor": {"name": …}}]}
//
// Blobs are told as application/octet-stream; children of an index have no tag. Deletions of 3.x
// carry "" where 2.x leaves members out. A deleted digest is followed by one deletion for each tag
// that named it. The host is the one that the client used, which behind a proxy may be an internal
// name: registries[].aliases is for that.
//
// An envelope is never refused for an action that we do not know: the sender would repeat it for
// ever and hold back all that follows. (distribution.github.io, "Work with notifications")
#include "pipeline/url_text.h"
#include "receiver/sources/composing.h"
#include "receiver/sources/kinds.h"
#include "receiver/sources/reading.h"

namespace longshore {
namespace {

constexpr std::string_view kBlob = "application/octet-stream";

std::optional<EventKind> kind_of(std::string_view action) {
  if (action == "push") return EventKind::pushed;
  if (action == "pull") return EventKind::pulled;
  if (action == "delete") return EventKind::deleted;
  if (action == "mount") return EventKind::other;
  return std::nullopt;
}

std::optional<std::string> host_of(const JsonObject& event, const JsonObject& target) {
  const JsonObject request = event.object("request", {"host"});
  if (auto host = request.string("host")) return host;
  return host_of_url(target.text("url").value_or(std::string_view()));
}

Fact read_event(const JsonObject& event, EventKind kind) {
  const JsonObject target =
      event.object("target", {"mediaType", "digest", "repository", "tag", "url"});
  Fact fact;
  fact.kind = kind;
  fact.repository = target.required_text("repository");
  fact.media_type = target.string("mediaType");
  // Only blobs are ever mounted.
  fact.is_blob = fact.media_type == kBlob || kind == EventKind::other;
  read_tag_and_digest(target, fact);
  // Without its digest, which is one that we cannot read, this would delete the whole repository.
  if (kind == EventKind::deleted && !fact.tag && !fact.digest && target.has("digest")) {
    fact.kind = EventKind::other;
  }
  fact.host = host_of(event, target);
  fact.actor = event.object("actor", {"name"}).string("name");
  fact.occurred_at = event.time("timestamp");
  fact.delivery_id = event.string("id");
  return fact;
}

Result<Decoded> decode_distribution(const Headers& /*headers*/, std::string_view body) {
  JsonDocument document(body);
  const JsonObject root = document.root({"events"});
  if (!root.has("events")) root.fail("events", "is missing");
  Decoded decoded;
  std::string why = "the envelope holds no event";
  for (const JsonElement& element : root.list("events")) {
    const JsonObject event =
        element.object({"id", "timestamp", "action", "target", "request", "actor"});
    const std::string_view action = event.required_text("action");
    if (const auto kind = kind_of(action)) {
      decoded.facts.push_back(read_event(event, *kind));
    } else {
      why = "the action " + in_quotes(action) + " is not known";
    }
  }
  if (document.error()) return *document.error();
  if (decoded.facts.empty()) decoded.ignored = std::move(why);
  return decoded;
}

Result<std::string> push_body(const SentPush& push) {
  const std::string name = push.digest.empty() ? push.tag : push.digest;
  const std::string url = "https://" + push.host + "/v2/" + push.path + "/manifests/" + name;
  return "{\"events\":[{\"id\":" + json_text(random_uuid(push.now)) +
         ",\"timestamp\":" + json_text(format_time(push.now)) +
         ",\"action\":\"push\",\"target\":{\"mediaType\":"
         "\"application/vnd.oci.image.manifest.v1+json\"" +
         json_member("digest", push.digest) + ",\"repository\":" + json_text(push.path) +
         ",\"url\":" + json_text(url) + ",\"tag\":" + json_text(push.tag) +
         "},\"request\":{\"host\":" + json_text(push.host) +
         ",\"method\":\"PUT\"},\"actor\":{\"name\":" + json_text(kSendActor) + "}}]}";
}

}  // namespace

constinit const SourceKind kDistributionSource{
    .type = SourceType::distribution,
    .name = "distribution",
    .decode = decode_distribution,
    .body = push_body,
    .content_type = "application/vnd.docker.distribution.events.v1+json",
};

}  // namespace longshore
