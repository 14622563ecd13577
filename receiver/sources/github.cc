// SPDX-License-Identifier: Apache-2.0
//
// GitHub's hooks name the event in a header and send it as JSON or as a form (payload=<JSON>). Two
// events tell of images in ghcr.io; both have the same inside:
//
//   X-GitHub-Event: package
//   {"action": "published", "package": {"name": "app", "namespace": "Acme",
//     "package_type": "CONTAINER", "package_version": {"version": "sha256:…",
//       "package_url": "ghcr.io/Acme/app:1.2", "container_metadata":
//         {"tag": {"name": "1.2", "digest": …}, "manifest": {"digest": …, "media_type": …}}}},
//    "sender": {"login": "octocat"}}
//
// Names are in the owner's spelling, images in lower case. Each manifest is an event of its own,
// those without a tag have the name "". package_version and container_metadata may be null, times
// are in practice the year 1. X-GitHub-Delivery is the same on a redelivery. All other events are
// ignored by name. (docs.github.com, "Webhook events and payloads"; octokit/webhooks)
#include <algorithm>
#include <array>

#include "pipeline/url_text.h"
#include "receiver/sources/composing.h"
#include "receiver/sources/kinds.h"
#include "receiver/sources/reading.h"

namespace longshore {
namespace {

constexpr std::array<std::string_view, 4> kPushes = {"published", "updated", "create", "created"};

// The header's; where there is none (a body that was saved to a file), the member that is there.
std::string event_name(const Headers& headers, const JsonObject& root) {
  if (const auto name = find_header(headers, "X-GitHub-Event")) return std::string(*name);
  for (const std::string_view name : {"registry_package", "package"}) {
    if (root.has(name)) return std::string(name);
  }
  return root.has("zen") ? "ping" : "";
}

// "ghcr.io/Acme/app:1.2": the host, and the tag, which may be empty.
struct PackageUrl {
  std::optional<std::string> host;
  std::optional<Tag> tag;
};

PackageUrl parse_package_url(std::string_view url) {
  PackageUrl parts;
  const std::size_t slash = url.rfind('/');
  if (slash == std::string_view::npos) return parts;
  auto host = host_of_url(url);
  if (host && host->find('.') != std::string::npos) parts.host = std::move(host);
  const std::string_view last = url.substr(slash, url.find('@', slash) - slash);
  const std::size_t colon = last.find(':');
  if (colon == std::string_view::npos) return parts;
  if (auto tag = Tag::parse(last.substr(colon + 1))) parts.tag = *std::move(tag);
  return parts;
}

void read_version(const JsonObject& version, Fact& fact) {
  const JsonObject metadata = version.object("container_metadata", {"tag", "manifest"});
  const JsonObject tag = metadata.object("tag", {"name", "digest"});
  const JsonObject manifest = metadata.object("manifest", {"digest", "media_type"});
  PackageUrl url = parse_package_url(version.text("package_url").value_or(std::string_view()));
  fact.host = std::move(url.host);
  fact.tag = tag.tag("name");
  if (!fact.tag) fact.tag = std::move(url.tag);
  fact.digest = tag.digest("digest");
  if (!fact.digest) fact.digest = manifest.digest("digest");
  if (!fact.digest) fact.digest = version.digest("version");
  if (!fact.digest) fact.digest = version.digest("name");
  fact.media_type = manifest.string("media_type");
  fact.occurred_at = version.time("updated_at");
}

Fact read_package(const JsonObject& package) {
  Fact fact;
  fact.kind = EventKind::pushed;
  auto owner = package.text("namespace");
  if (!owner) owner = package.object("owner", {"login"}).required_text("login");
  fact.repository = in_lower_case(*owner) + '/' + in_lower_case(package.required_text("name"));
  read_version(package.object("package_version", {"version", "name", "package_url", "updated_at",
                                                  "container_metadata"}),
               fact);
  if (!fact.occurred_at) fact.occurred_at = package.time("updated_at");
  return fact;
}

// Empty if the package is an image that was pushed.
std::string why_ignored(std::string_view action, const JsonObject& package) {
  auto type = package.text("package_type");
  if (!type) type = package.text("ecosystem");
  const std::string kind = in_lower_case(type.value_or("unknown"));
  if (kind != "container" && kind != "docker") {
    return "a package of type " + in_quotes(kind) + " is not an image";
  }
  if (std::find(kPushes.begin(), kPushes.end(), action) == kPushes.end()) {
    return "the action " + in_quotes(action) + " is not known";
  }
  return {};
}

Result<Decoded> decode_json(const Headers& headers, std::string_view body) {
  JsonDocument document(body);
  const JsonObject root = document.root({"action", "package", "registry_package", "sender", "zen"});
  const std::string event = event_name(headers, root);
  if (event.empty()) document.fail("X-GitHub-Event", "the header is missing or there twice");
  if (document.error()) return *document.error();
  if (event == "ping") return Decoded{{}, "ping"};
  if (event != "package" && event != "registry_package") {
    return Decoded{{}, "GitHub's event " + in_quotes(event) + " is not about an image"};
  }
  if (!root.has(event)) root.fail(event, "is missing");
  const JsonObject package = root.object(event, {"name", "namespace", "owner", "package_type",
                                                 "ecosystem", "package_version", "updated_at"});
  Decoded decoded;
  decoded.ignored = why_ignored(root.required_text("action"), package);
  if (decoded.ignored.empty()) {
    Fact fact = read_package(package);
    fact.actor = root.object("sender", {"login"}).string("login");
    const auto id = find_header(headers, "X-GitHub-Delivery");
    if (id && !id->empty()) fact.delivery_id = std::string(*id);
    decoded.facts.push_back(std::move(fact));
  }
  if (document.error()) return *document.error();
  return decoded;
}

Result<Decoded> decode_github(const Headers& headers, std::string_view body) {
  if (!is_form(headers)) return decode_json(headers, body);
  const auto payload = form_value(body, "payload", Plus::space);
  if (payload) return decode_json(headers, *payload);
  return Error{Errc::invalid_input,
               "payload: is missing from the form, there twice, or not percent-encoded"};
}

Result<std::string> push_body(const SentPush& push) {
  const auto [owner, name] = split_path(push.path);
  if (owner.empty()) {
    return Error{Errc::invalid_input, "an image in " + push.host + " is OWNER/NAME"};
  }
  return "{\"action\":\"published\",\"package\":{\"name\":" + json_text(name) +
         ",\"namespace\":" + json_text(owner) +
         ",\"ecosystem\":\"CONTAINER\",\"package_type\":\"CONTAINER\",\"package_version\":{"
         "\"package_url\":" +
         json_text(reference_of(push)) + json_member("version", push.digest) +
         ",\"container_metadata\":{\"tag\":{\"name\":" + json_text(push.tag) +
         json_member("digest", push.digest) +
         "}},\"updated_at\":" + json_text(format_time(push.now)) +
         "}},\"sender\":{\"login\":" + json_text(kSendActor) + "}}";
}

Headers push_headers(const SentPush& push) {
  return {{"X-GitHub-Event", "package"}, {"X-GitHub-Delivery", random_uuid(push.now)}};
}

}  // namespace

constinit const SourceKind kGitHubSource{
    .type = SourceType::github,
    .name = "github",
    .host = "ghcr.io",
    .decode = decode_github,
    .token_place = TokenPlace::query,
    .signing = Signing::hmac,
    .hmac = {.name = "X-Hub-Signature-256", .prefix = "sha256="},
    .body = push_body,
    .headers = push_headers,
};

}  // namespace longshore
