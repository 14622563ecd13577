// SPDX-License-Identifier: Apache-2.0
//
// Docker Hub sends one body for each tag that was pushed, and nothing else:
//
//   {"push_data": {"tag": "1.2", "pusher": "acme", "pushed_at": 1767225600},
//    "repository": {"repo_name": "acme/app", …}, "callback_url": …}
//
// It names no host, digest or delivery id. callback_url is never called: its service is gone, and a
// notification does not choose whom we talk to. pushed_at used to be written 1.417566161e+09.
// (docs.docker.com, "Webhooks")
#include "receiver/sources/composing.h"
#include "receiver/sources/kinds.h"
#include "receiver/sources/reading.h"

namespace longshore {
namespace {

Result<Decoded> decode_dockerhub(const Headers& /*headers*/, std::string_view body) {
  JsonDocument document(body);
  const JsonObject root = document.root({"push_data", "repository"});
  const JsonObject push = root.object("push_data", {"tag", "pusher", "pushed_at", "media_type"});
  Fact fact;
  fact.kind = EventKind::pushed;
  fact.repository = root.object("repository", {"repo_name"}).required_text("repo_name");
  push.required_text("tag");
  fact.tag = push.tag("tag");
  fact.media_type = push.string("media_type");
  fact.actor = push.string("pusher");
  fact.occurred_at = push.unix_time("pushed_at");
  if (document.error()) return *document.error();
  Decoded decoded;
  decoded.facts.push_back(std::move(fact));
  return decoded;
}

Result<std::string> push_body(const SentPush& push) {
  const auto [space, name] = split_path(push.path);
  return "{\"push_data\":{\"pushed_at\":" + seconds_of(push.now) +
         ",\"pusher\":" + json_text(kSendActor) + ",\"tag\":" + json_text(push.tag) +
         "},\"repository\":{\"name\":" + json_text(name) + ",\"namespace\":" + json_text(space) +
         ",\"repo_name\":" + json_text(push.path) +
         ",\"repo_url\":" + json_text("https://hub.docker.com/r/" + push.path) +
         ",\"status\":\"Active\"}}";
}

}  // namespace

constinit const SourceKind kDockerHubSource{
    .type = SourceType::dockerhub,
    .name = "dockerhub",
    .host = "docker.io",
    .decode = decode_dockerhub,
    .token_place = TokenPlace::path,
    .body = push_body,
};

}  // namespace longshore
