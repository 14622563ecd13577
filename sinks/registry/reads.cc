// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/reads.h"

#include "pipeline/crypto.h"
#include "pipeline/json_reader.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

// OCI distribution specification, "Pushing Manifests": registries should take 4 MiB.
constexpr std::size_t kMaxManifestBytes = 4U << 20;
constexpr std::size_t kMaxConfigBytes = 4U << 20;
// Distribution 2.8 knows no pages and sends all tags at once: 100,000 long ones are 13 MB.
constexpr std::size_t kMaxPageBytes = 16U << 20;
constexpr std::size_t kMaxPageTags = 250'000;

constexpr std::string_view kManifestTypes =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

std::string text_of(const ManifestName& name) {
  return std::visit([](const auto& value) { return value.str(); }, name);
}

// As people write it: host/path:tag or host/path@digest.
std::string shown(const RegistryHost& host, const std::string& path, const ManifestName& name) {
  const char mark = std::holds_alternative<Tag>(name) ? ':' : '@';
  return host.name() + '/' + path + mark + text_of(name);
}

// Of the bytes, with the other one's algorithm.
Digest digest_like(const Digest& other, std::string_view bytes) {
  const bool is_512 = other.str().starts_with("sha512:");
  const std::string text = is_512 ? "sha512:" + to_hex(as_bytes(sha512(bytes)))
                                  : "sha256:" + to_hex(as_bytes(sha256(bytes)));
  return *Digest::parse(text);
}

Digest digest_of(std::string_view bytes) {
  return *Digest::parse("sha256:" + to_hex(as_bytes(sha256(bytes))));
}

bool same_algorithm(const Digest& a, const Digest& b) {
  return a.str().substr(0, 7) == b.str().substr(0, 7);
}

Error mismatch(const std::string& what, std::string_view source, const Digest& wanted,
               const Digest& found) {
  return Error{Errc::conflict, what + ": " + std::string(source) + " " + wanted.str() +
                                   ", and it is " + found.str()};
}

// What an answer other than 200 means.
Error refusal(const RegistryHost& host, const std::string& what, int status) {
  const std::string said = ": " + host.name() + " answers " + std::to_string(status);
  switch (status) {
    case 404:
    case 410:
      return Error{Errc::not_found, what + " is not there" + said};
    case 401:
    case 403:
      return Error{Errc::unauthorized, "no right to read " + what + said};
    default:
      return Error{Errc::unsupported, what + " cannot be read" + said};
  }
}

std::optional<Digest> claimed_digest(const HttpAnswer& answer) {
  const auto field = find_field(answer.headers, "docker-content-digest");
  auto digest = Digest::parse(field.value_or(""));
  if (!digest) return std::nullopt;
  return *std::move(digest);
}

std::string media_type_of(const HttpAnswer& answer) {
  const auto field = find_field(answer.headers, "content-type").value_or("");
  return std::string(trim(field.substr(0, field.find(';'))));
}

// Schema 1, which registries convert to on the fly: its digest names nothing that anybody pulls.
std::optional<Error> outdated(const std::string& what, const std::string& media_type) {
  if (!media_type.starts_with("application/vnd.docker.distribution.manifest.v1")) {
    return std::nullopt;
  }
  return Error{Errc::unsupported,
               what + " is of Docker's schema 1, which no engine pulls any more"};
}

Result<RegistryRead> manifest_read(const RegistryHost& host, const std::string& path,
                                   const ManifestName& name) {
  auto url = host.url(path + "/manifests/" + text_of(name));
  if (!url) return std::move(url).error();
  RegistryRead read{.url = *std::move(url), .repository = path};
  read.fields = {{"Accept", std::string(kManifestTypes)}};
  read.max_body_bytes = kMaxManifestBytes;
  return read;
}

// Whether a HEAD's answer has to be had by a GET instead: some registries have no HEAD, redirect
// it, or leave the digest out.
bool says_too_little(const HttpAnswer& answer) {
  if (answer.status == 200) return !claimed_digest(answer) || media_type_of(answer).empty();
  return answer.status != 401 && answer.status != 403 && answer.status != 404;
}

}  // namespace

Result<ManifestHead> read_image_head(RegistryHost& host, const std::string& path,
                                     const ManifestName& name, const CallScope& call) {
  auto read = manifest_read(host, path, name);
  if (!read) return std::move(read).error();
  read->method = "HEAD";
  const auto answer = host.read(*read, call);
  if (!answer) return answer.error();
  const Digest* asked = std::get_if<Digest>(&name);
  const auto claimed = claimed_digest(*answer);
  const bool other_algorithm = asked && claimed && !same_algorithm(*asked, *claimed);
  if (says_too_little(*answer) || other_algorithm) {
    auto whole = read_image_manifest(host, path, name, call);
    if (!whole) return std::move(whole).error();
    return ManifestHead{std::move(whole->digest), std::move(whole->media_type)};
  }
  const std::string what = shown(host, path, name);
  if (answer->status != 200) return refusal(host, what, answer->status);
  if (asked && *claimed != *asked) return mismatch(what, "asked for", *asked, *claimed);
  std::string media_type = media_type_of(*answer);
  if (auto error = outdated(what, media_type)) return *std::move(error);
  return ManifestHead{*claimed, std::move(media_type)};
}

Result<ImageManifest> read_image_manifest(RegistryHost& host, const std::string& path,
                                          const ManifestName& name, const CallScope& call) {
  auto read = manifest_read(host, path, name);
  if (!read) return std::move(read).error();
  read->redirects = Redirects::followed;
  auto answer = host.read(*read, call);
  if (!answer) return std::move(answer).error();
  const std::string what = shown(host, path, name);
  if (answer->status != 200) return refusal(host, what, answer->status);
  std::string media_type = media_type_of(*answer);
  if (auto error = outdated(what, media_type)) return *std::move(error);
  const std::string& bytes = answer->body;
  if (const Digest* asked = std::get_if<Digest>(&name)) {
    const Digest computed = digest_like(*asked, bytes);
    if (computed != *asked) return mismatch(what, "asked for", *asked, computed);
  }
  const auto claimed = claimed_digest(*answer);
  if (claimed) {
    const Digest computed = digest_like(*claimed, bytes);
    if (computed != *claimed) return mismatch(what, "announced as", *claimed, computed);
  }
  const Digest* asked = std::get_if<Digest>(&name);
  Digest digest = asked ? *asked : claimed ? *claimed : digest_of(bytes);
  return ImageManifest{std::move(digest), std::move(media_type), std::move(answer->body)};
}

Result<std::string> read_blob(RegistryHost& host, const std::string& path, const Digest& digest,
                              const CallScope& call) {
  auto url = host.url(path + "/blobs/" + digest.str());
  if (!url) return std::move(url).error();
  RegistryRead read{.url = *std::move(url), .repository = path};
  read.max_body_bytes = kMaxConfigBytes;
  read.redirects = Redirects::followed;
  auto answer = host.read(read, call);
  if (!answer) return std::move(answer).error();
  const std::string what = "the blob " + shown(host, path, digest);
  if (answer->status != 200) return refusal(host, what, answer->status);
  const Digest computed = digest_like(digest, answer->body);
  if (computed != digest) return mismatch(what, "asked for", digest, computed);
  return std::move(answer->body);
}

Result<Url> first_tag_page(const RegistryHost& host, const std::string& path) {
  return host.url(path + "/tags/list?n=1000");
}

Result<TagPage> read_tag_page(RegistryHost& host, const std::string& path, const Url& url,
                              const CallScope& call) {
  RegistryRead read{.url = url, .repository = path};
  read.fields = {{"Accept", "application/json"}};
  read.max_body_bytes = kMaxPageBytes;
  const auto answer = host.read(read, call);
  if (!answer) return answer.error();
  const std::string what = "the list of tags of " + host.name() + '/' + path;
  if (answer->status != 200) return refusal(host, what, answer->status);
  TagPage page;
  JsonDocument document(answer->body);
  document.root({"tags"}).each_text("tags", kMaxPageTags, [&page](std::string_view text) {
    if (auto tag = Tag::parse(text)) page.tags.push_back(*std::move(tag));
  });
  if (document.error()) {
    return Error{Errc::unsupported, what + ": " + document.error()->message};
  }
  if (const auto link = next_link(answer->headers)) {
    auto next = host.rules().next_page(url, *link);
    if (!next) return std::move(next).error();
    page.next = *std::move(next);
  }
  return page;
}

}  // namespace longshore
