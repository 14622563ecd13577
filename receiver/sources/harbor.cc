// SPDX-License-Identifier: Apache-2.0
//
// Harbor 2.x sends one of two forms of the same facts, as the policy chooses:
//
//   default      {"type": "PUSH_ARTIFACT", "occur_at": 1767225600, "operator": "admin",
//                 "event_data": {"resources": [{"digest": …, "tag": …, "resource_url": …}],
//                                "repository": {"repo_full_name": "lab/app", …}}}
//   CloudEvents  {"specversion": "1.0", "id": …, "type": "harbor.artifact.pushed", "time": …,
//                 "operator": …, "data": {as event_data}}
//
// Harbor 1.x and some who imitate it write the default form with other names ("pushImage").
// What has no tag has its digest in "tag". The host is the front of resource_url, which has no
// scheme. Only CloudEvents have an id; it is the same when Harbor tries again. A QUOTA_EXCEED for a
// blob has no resources at all. (goharbor.io, "Configure Webhook Notifications"; Harbor 2.15.2)
#include <algorithm>
#include <array>

#include "pipeline/url_text.h"
#include "receiver/sources/composing.h"
#include "receiver/sources/kinds.h"
#include "receiver/sources/reading.h"

namespace longshore {
namespace {

struct Kind {
  std::string_view type;
  EventKind kind;
};

constexpr std::array kKinds = {
    Kind{"PUSH_ARTIFACT", EventKind::pushed},
    Kind{"PULL_ARTIFACT", EventKind::pulled},
    Kind{"DELETE_ARTIFACT", EventKind::deleted},
    Kind{"SCANNING_COMPLETED", EventKind::scanned},
    Kind{"SCANNING_FAILED", EventKind::scanned},
    Kind{"SCANNING_STOPPED", EventKind::scanned},
    Kind{"harbor.artifact.pushed", EventKind::pushed},
    Kind{"harbor.artifact.pulled", EventKind::pulled},
    Kind{"harbor.artifact.deleted", EventKind::deleted},
    Kind{"harbor.scan.completed", EventKind::scanned},
    Kind{"harbor.scan.failed", EventKind::scanned},
    Kind{"harbor.scan.stopped", EventKind::scanned},
    Kind{"pushImage", EventKind::pushed},
    Kind{"pullImage", EventKind::pulled},
    Kind{"deleteImage", EventKind::deleted},
    Kind{"scanningCompleted", EventKind::scanned},
    Kind{"scanningFailed", EventKind::scanned},
};

constexpr std::array<std::string_view, 11> kNotAboutImages = {
    "QUOTA_EXCEED",
    "QUOTA_WARNING",
    "REPLICATION",
    "TAG_RETENTION",
    "harbor.quota.exceeded",
    "harbor.quota.warned",
    "harbor.replication.status.changed",
    "harbor.tag_retention.finished",
    "uploadChart",
    "downloadChart",
    "deleteChart",
};

std::string why_ignored(std::string_view type) {
  const bool known =
      std::find(kNotAboutImages.begin(), kNotAboutImages.end(), type) != kNotAboutImages.end();
  return known ? std::string(type) + " is not about an image that was pushed or deleted"
               : "Harbor's " + in_quotes(type) + " is not known";
}

// What all resources of a notification have in common.
Fact common_fact(const JsonObject& root, const JsonObject& data, EventKind kind) {
  Fact fact;
  fact.kind = kind;
  fact.repository = data.object("repository", {"repo_full_name"}).required_text("repo_full_name");
  fact.actor = root.string("operator");
  if (root.has("specversion")) {
    fact.occurred_at = root.time("time");
    fact.delivery_id = root.string("id");
  } else {
    fact.occurred_at = root.unix_time("occur_at");
  }
  return fact;
}

Result<Decoded> decode_harbor(const Headers& /*headers*/, std::string_view body) {
  JsonDocument document(body);
  const JsonObject root = document.root(
      {"type", "operator", "occur_at", "event_data", "specversion", "id", "time", "data"});
  const std::string_view type = root.required_text("type");
  if (document.error()) return *document.error();
  const auto* const kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.type == type; });
  if (kind == kKinds.end()) return Decoded{{}, why_ignored(type)};

  const std::string_view place = root.has("specversion") ? "data" : "event_data";
  const JsonObject data = root.object(place, {"resources", "repository"});
  const Fact common = common_fact(root, data, kind->kind);
  Decoded decoded;
  for (const JsonElement& element : data.list("resources")) {
    const JsonObject resource = element.object({"tag", "digest", "resource_url"});
    Fact fact = common;
    read_tag_and_digest(resource, fact);
    // What names neither would be the whole repository.
    if (fact.kind == EventKind::deleted && !fact.tag && !fact.digest) fact.kind = EventKind::other;
    fact.host = host_of_url(resource.text("resource_url").value_or(std::string_view()));
    decoded.facts.push_back(std::move(fact));
  }
  if (decoded.facts.empty()) data.fail("resources", "is missing or empty");
  if (document.error()) return *document.error();
  return decoded;
}

Result<std::string> push_body(const SentPush& push) {
  const auto [project, name] = split_path(push.path);
  return "{\"type\":\"PUSH_ARTIFACT\",\"occur_at\":" + seconds_of(push.now) +
         ",\"operator\":" + json_text(kSendActor) +
         ",\"event_data\":{\"resources\":[{\"tag\":" + json_text(push.tag) +
         json_member("digest", push.digest) + ",\"resource_url\":" + json_text(reference_of(push)) +
         "}],\"repository\":{\"name\":" + json_text(name) + ",\"namespace\":" + json_text(project) +
         ",\"repo_full_name\":" + json_text(push.path) + ",\"repo_type\":\"private\"}}}";
}

}  // namespace

constinit const SourceKind kHarborSource{
    .type = SourceType::harbor,
    .name = "harbor",
    .decode = decode_harbor,
    .token_place = TokenPlace::authorization,
    .body = push_body,
};

}  // namespace longshore
