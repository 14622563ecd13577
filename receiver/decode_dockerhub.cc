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
#include "receiver/decoders.h"

namespace longshore {

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

}  // namespace longshore
