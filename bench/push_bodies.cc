// SPDX-License-Identifier: Apache-2.0
//
// Shapes after the senders' own documents: Docker Hub "Webhooks", Harbor "Configure Webhook
// Notifications", CNCF Distribution "Notifications", GitHub's webhook event `package`. All names
// and values are invented.
#include "bench/push_bodies.h"

#include <algorithm>

namespace longshore::bench {
namespace {

constexpr std::string_view kDockerHub =
    R"({"callback_url":"https://registry.hub.docker.com/u/acme/app-$$$$/hook/2a4c6e80b1d3f5/",)"
    R"("push_data":{"images":[],"media_type":"application/vnd.docker.container.image.v1+json",)"
    R"("pushed_at":17@@@@@@@@,"pusher":"acmeci","tag":"1.4.@@@@@@@@"},"repository":{)"
    R"("comment_count":3,"date_created":1696118400,"description":"The shop's front end",)"
    R"("dockerfile":"","full_description":"FULL","is_official":false,"is_private":true,)"
    R"("is_trusted":false,"name":"app-$$$$","namespace":"acme","owner":"acme",)"
    R"("repo_name":"acme/app-$$$$","repo_url":"https://hub.docker.com/r/acme/app-$$$$",)"
    R"("star_count":12,"status":"Active"}})";

constexpr std::string_view kReadmeLine =
    R"(Runs the shop behind a proxy; see `docker run --help`.\n\n\t- \"quoted\" and plain text\n)";

constexpr std::string_view kHarbor =
    R"({"type":"PUSH_ARTIFACT","occur_at":17@@@@@@@@,"operator":"robot$shop+ci","event_data":{)"
    R"("resources":[{"digest":"sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",)"
    R"("tag":"1.4.@@@@@@@@","resource_url":"harbor.example.com/shop/app-$$$$:1.4.@@@@@@@@"}],)"
    R"("repository":{"date_created":1696118400,"name":"app-$$$$","namespace":"shop",)"
    R"("repo_full_name":"shop/app-$$$$","repo_type":"private"}}})";

constexpr std::string_view kHarborCloudEvent =
    R"({"specversion":"1.0","id":"5d2c1f00-7a31-4b6e-9c55-0000@@@@@@@@",)"
    R"("source":"/projects/7/webhook/policies/3","type":"harbor.artifact.pushed",)"
    R"("datacontenttype":"application/json","time":"2026-03-01T12:00:00Z","data":{"resources":[{)"
    R"("digest":"sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",)"
    R"("tag":"1.4.@@@@@@@@","resource_url":"harbor.example.com/shop/app-$$$$:1.4.@@@@@@@@"}],)"
    R"("repository":{"date_created":1696118400,"name":"app-$$$$","namespace":"shop",)"
    R"("repo_full_name":"shop/app-$$$$","repo_type":"private"}},"operator":"robot$shop+ci",)"
    R"("requestid":"9b1e62a4-0d0f-4a8e-8a35-0000@@@@@@@@"})";

constexpr std::string_view kDistributionEvent = R"(
      {
         "id": "2f4a6c1e-93d7-4e0b-8f21-0000@@@@@@@@",
         "timestamp": "2026-03-01T12:00:00.1@@@@@@@@Z",
         "action": "push",
         "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "size": 1207,
            "digest": "sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
            "length": 1207,
            "repository": "shop/app-$$$$",
            "url": "https://registry.example.com/v2/shop/app-$$$$/manifests/sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
            "tag": "1.4.@@@@@@@@",
            "references": [
               {
                  "mediaType": "application/vnd.oci.image.config.v1+json",
                  "size": 1469,
                  "digest": "sha256:3c1d5a7e9b2f4860a1c3e5d7f9b1a3c5e7d9fb1a3c5e7092b4d6f8a0c2e4f608"
               },
               {
                  "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                  "size": 31357624,
                  "digest": "sha256:8e0f2a4c6d8b1f3e5a7c9d0b2f4e6a8c1d3f5b7e9a0c2d4f6b8e1a3c5d7f9b0e"
               }
            ]
         },
         "request": {
            "id": "71c3e5a9-5b2d-4f80-9e14-0000@@@@@@@@",
            "addr": "192.0.2.17:42830",
            "host": "registry.example.com",
            "method": "PUT",
            "useragent": "docker/24.0.7 go/go1.20.10 kernel/6.1.0 os/linux arch/amd64"
         },
         "actor": {
            "name": "ci"
         },
         "source": {
            "addr": "registry-0:5000",
            "instanceID": "c0b4d2f6-18a3-4e57-b6d9-2e4f60718293"
         }
      })";

constexpr std::string_view kNative =
    R"({"image":"registry.example.com/shop/app-$$$$:1.4.@@@@@@@@",)"
    R"("digest":"sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",)"
    R"("actor":"ci","occurred_at":"2026-03-01T12:00:00Z"})";

constexpr std::string_view kGithubVersion =
    R"("package_version":{"id":41@@@@@@@@,)"
    R"("version":"sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",)"
    R"("name":"sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",)"
    R"("description":"","summary":"","manifest":"",)"
    R"("html_url":"https://github.com/orgs/acme/packages/container/app-$$$$/41@@@@@@@@",)"
    R"("target_commitish":"main","target_oid":"7f3b9c2d4e5a6f708192a3b4c5d6e7f8091a2b3c",)"
    R"("created_at":"0001-01-01T00:00:00Z","updated_at":"0001-01-01T00:00:00Z","metadata":[],)"
    R"("container_metadata":{"tag":{"name":"1.4.@@@@@@@@",)"
    R"("digest":"sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"},)"
    R"("labels":{"description":"The shop","source":"https://github.com/acme/shop","revision":"",)"
    R"("image_url":"","licenses":"Apache-2.0","all_labels":{}},)"
    R"("manifest":{"digest":"sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",)"
    R"("media_type":"application/vnd.oci.image.manifest.v1+json","size":1207,)"
    R"("uri":"repositories/acme/app-$$$$/manifests/1.4.@@@@@@@@","config":{"size":1469,)"
    R"("media_type":"application/vnd.oci.image.config.v1+json"},"layers":[]}},)"
    R"("package_url":"ghcr.io/acme/app-$$$$:1.4.@@@@@@@@","body":{"repository":{"repository":)";

std::string github_account(std::string_view login) {
  const std::string name(login);
  std::string text = R"({"login":")" + name + R"(","id":9104417,"node_id":"MDQ6VXNlcjkxMDQ0MTc=",)";
  for (const std::string_view what : {"followers", "following", "gists", "starred", "subscriptions",
                                      "organizations", "repos", "events", "received_events"}) {
    text.append("\"").append(what).append("_url\":\"https://api.github.com/users/");
    text.append(name).append("/").append(what).append("\",");
  }
  return text + R"("type":"User","site_admin":false})";
}

std::string github_repository() {
  std::string text = R"({"id":501220417,"node_id":"R_kgDOHeAAAA","name":"shop",)"
                     R"("full_name":"acme/shop","private":true,"owner":)";
  text += github_account("acme");
  for (const std::string_view what :
       {"forks",        "keys",        "collaborators", "teams",         "hooks",
        "issue_events", "events",      "assignees",     "branches",      "tags",
        "blobs",        "git_tags",    "git_refs",      "trees",         "statuses",
        "languages",    "stargazers",  "contributors",  "subscribers",   "subscription",
        "commits",      "git_commits", "comments",      "issue_comment", "contents",
        "compare",      "merges",      "archive",       "downloads",     "issues",
        "pulls",        "milestones",  "notifications", "labels",        "releases",
        "deployments"}) {
    text.append(",\"").append(what).append("_url\":\"https://api.github.com/repos/acme/shop/");
    text.append(what).append("{/name}\"");
  }
  return text + R"(,"created_at":"2023-10-01T00:00:00Z","size":4831,"language":"Go","fork":false,)"
                R"("has_issues":true,"license":null,"forks":2,"open_issues":7,"watchers":12,)"
                R"("default_branch":"main","topics":[],"visibility":"private"})";
}

char digit_of(std::uint64_t& number) {
  const char digit = static_cast<char>('0' + number % 10);
  number /= 10;
  return digit;
}

char hex_of(std::uint64_t& state, std::size_t position) {
  // splitmix64: a new word for every 16 digits.
  if (position % 16 == 0) state += 0x9e3779b97f4a7c15U;
  std::uint64_t word = state;
  word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
  word ^= word >> 31U;
  return "0123456789abcdef"[(word >> (4U * (position % 16))) & 15U];
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  const std::size_t at = result.find(from);
  return result.replace(at, from.size(), to);
}

}  // namespace

BodyTemplate::BodyTemplate(std::string text) : text_(std::move(text)) {
  for (std::size_t at = 0; at < text_.size();) {
    const char kind = text_[at];
    const std::size_t end = std::min(text_.find_first_not_of(kind, at), text_.size());
    if (end - at > 1 && (kind == '@' || kind == '$' || kind == '~')) {
      places_.push_back({at, end - at, kind});
    }
    at = end;
  }
}

void BodyTemplate::fill(std::uint64_t serial, std::uint64_t repository, char* body) const {
  for (const Place& place : places_) {
    std::uint64_t number = place.kind == '$' ? repository : serial;
    char* const first = body + place.at;
    for (std::size_t i = 0; i < place.size; ++i) {
      if (place.kind == '~') {
        first[i] = hex_of(number, i);
      } else {
        first[place.size - 1 - i] = digit_of(number);
      }
    }
  }
}

std::string docker_hub_push() {
  return replaced(kDockerHub, "FULL",
                  "Everything that a customer sees: catalogue, basket and checkout. Built from the "
                  "main branch on every merge, signed, and pushed for amd64 and arm64. Reads its "
                  "settings from SHOP_CONFIG, listens on 8080 and answers /healthz; the cache and "
                  "the queue are found by their names in that file, or off.");
}

std::string docker_hub_push_readme() {
  std::string readme;
  while (readme.size() < 32U << 10)
    readme += kReadmeLine;
  return replaced(kDockerHub, "FULL", readme);
}

std::string harbor_push() {
  return std::string(kHarbor);
}

std::string harbor_push_cloudevent() {
  return std::string(kHarborCloudEvent);
}

std::string distribution_push() {
  return "{\n   \"events\": [" + std::string(kDistributionEvent) + "\n   ]\n}";
}

std::string distribution_push_batch() {
  std::string text = "{\n   \"events\": [";
  for (int i = 0; i < 10; ++i)
    text.append(i == 0 ? "" : ",").append(kDistributionEvent);
  return text + "\n   ]\n}";
}

std::string github_package_published() {
  return R"({"action":"published","package":{"id":88120,"name":"app-$$$$","namespace":"acme",)"
         R"("description":"","ecosystem":"CONTAINER","package_type":"CONTAINER",)"
         R"("html_url":"https://github.com/orgs/acme/packages/container/package/app-$$$$",)"
         R"("created_at":"2023-10-01T00:00:00Z","updated_at":"2026-03-01T12:00:00Z","owner":)" +
         github_account("acme") + "," + std::string(kGithubVersion) + github_repository() +
         R"(}},"author":)" + github_account("acme-ci") +
         R"(,"docker_metadata":[],"package_files":[],"installation_command":""},)"
         R"("registry":{"about_url":"https://docs.github.com/packages","name":"GitHub CONTAINER",)"
         R"("type":"CONTAINER","url":"https://CONTAINER.pkg.github.com/acme","vendor":"GitHub"}},)"
         R"("repository":)" +
         github_repository() + R"(,"sender":)" + github_account("acme-ci") + "}";
}

std::string native_push() {
  return std::string(kNative);
}

}  // namespace longshore::bench
