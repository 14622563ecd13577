// SPDX-License-Identifier: Apache-2.0
//
// Longshore's own format, for build jobs and for registries that can send a body of one's choice:
//
//   {"image": "ghcr.io/acme/app:1.2"}
//   {"images": ["ghcr.io/acme/app:1.2", {"image": "ghcr.io/acme/web:1.2", "digest": "sha256:…"}],
//    "actor": "ci", "occurred_at": "2026-03-01T12:00:00Z", "event": "pushed"}
//
// What stands beside "images" counts for each that does not say otherwise. docs/formats.md has all
// members. Unlike in other formats nothing here is a guess: a digest that is none is an error.
#include "receiver/sources/composing.h"
#include "receiver/sources/kinds.h"
#include "receiver/sources/reading.h"

namespace longshore {
namespace {

struct Details {
  std::string event = "pushed";
  std::optional<std::string> digest;
  std::optional<std::string> media_type;
  std::optional<std::string> actor;
  std::optional<Time> occurred_at;
  std::optional<std::string> delivery_id;
};

Details read_details(const JsonObject& object, Details details) {
  if (auto event = object.string("event")) details.event = *std::move(event);
  details.digest = object.string("digest");
  details.media_type = object.string("media_type");
  if (auto actor = object.string("actor")) details.actor = std::move(actor);
  if (const auto time = object.time("occurred_at")) details.occurred_at = time;
  return details;
}

// A signed request's id is the same when its sender tries again (Standard Webhooks 1.0.0).
std::optional<std::string> signed_id(const Headers& headers) {
  const auto id = find_header(headers, "webhook-id");
  const auto signature = find_header(headers, "webhook-signature");
  if (!id || id->empty() || !signature || signature->empty()) return std::nullopt;
  return std::string(*id);
}

// The digest of the reference, of the member, or of both if they agree.
Result<std::optional<Digest>> digest_of(const ImageRef& image,
                                        const std::optional<std::string>& member) {
  if (!member) return image.digest();
  auto digest = Digest::parse(*member);
  if (!digest) return std::move(digest).error();
  if (image.digest() && *image.digest() != *digest) {
    return Error{Errc::invalid_input, "the image and 'digest' name two digests"};
  }
  return std::optional<Digest>(*std::move(digest));
}

Result<Fact> fact_of(std::string_view text, const Details& details) {
  const auto image = ImageRef::parse(text);
  if (!image) return image.error();
  auto digest = digest_of(*image, details.digest);
  if (!digest) return std::move(digest).error();
  Fact fact;
  fact.kind = details.event == "deleted" ? EventKind::deleted : EventKind::pushed;
  fact.host = std::string(image->repository().host());
  fact.repository = std::string(image->repository().path());
  fact.tag = image->tag();
  fact.digest = *std::move(digest);
  if (!fact.tag && !fact.digest) {
    // As `docker push` does. What is deleted has to be named.
    if (fact.kind == EventKind::deleted) {
      return Error{Errc::invalid_input, "a deletion has to name a tag or a digest"};
    }
    fact.tag = image->effective_tag();
  }
  fact.media_type = details.media_type;
  fact.actor = details.actor;
  fact.occurred_at = details.occurred_at;
  fact.delivery_id = details.delivery_id;
  return fact;
}

// Adds the fact, or says why there is none. Returns what is wrong with it, or nothing.
std::string add_fact(std::string_view image, const Details& details, Decoded& decoded) {
  if (details.event != "pushed" && details.event != "deleted") {
    decoded.ignored = "the event " + in_quotes(details.event) + " is not known";
    return {};
  }
  auto fact = fact_of(image, details);
  if (!fact) return fact.error().message;
  decoded.facts.push_back(*std::move(fact));
  return {};
}

void read_element(const JsonElement& element, const Details& common, Decoded& decoded) {
  if (element.is_text()) {
    const std::string_view image = element.required_text();
    const std::string fault = image.empty() ? "" : add_fact(image, common, decoded);
    if (!fault.empty()) element.fail(fault);
    return;
  }
  const JsonObject object =
      element.object({"image", "digest", "event", "actor", "occurred_at", "media_type"});
  const std::string_view image = object.required_text("image");
  if (image.empty()) return;
  const std::string fault = add_fact(image, read_details(object, common), decoded);
  if (!fault.empty()) object.fail("image", fault);
}

Result<Decoded> decode_native(const Headers& headers, std::string_view body) {
  JsonDocument document(body);
  const JsonObject root =
      document.root({"image", "images", "digest", "event", "actor", "occurred_at", "media_type"});
  Details details;
  details.delivery_id = signed_id(headers);
  details = read_details(root, std::move(details));
  if (root.has("image") == root.has("images")) {
    root.fail("image", "give either 'image' or 'images'");
  }
  Decoded decoded;
  if (root.has("image")) {
    const std::string_view image = root.required_text("image");
    const std::string fault = image.empty() ? "" : add_fact(image, details, decoded);
    if (!fault.empty()) root.fail("image", fault);
  } else {
    if (details.digest) root.fail("digest", "belongs to one image: put it into 'images'");
    for (const JsonElement& element : root.list("images"))
      read_element(element, details, decoded);
  }
  if (document.error()) return *document.error();
  if (!decoded.facts.empty()) {
    decoded.ignored.clear();
  } else if (decoded.ignored.empty()) {
    decoded.ignored = "'images' is empty";
  }
  return decoded;
}

Result<std::string> push_body(const SentPush& push) {
  std::string image = reference_of(push);
  if (!push.digest.empty()) image += '@' + push.digest;
  return "{\"image\":" + json_text(image) + ",\"actor\":" + json_text(kSendActor) +
         ",\"occurred_at\":" + json_text(format_time(push.now)) + "}";
}

}  // namespace

constinit const SourceKind kNativeSource{
    .type = SourceType::native,
    .name = "native",
    .decode = decode_native,
    .signing = Signing::standard_webhooks,
    .body = push_body,
};

}  // namespace longshore
