// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "pipeline/crypto.h"
#include "sinks/registry/client.h"
#include "tests/support/http_stub.h"
#include "tests/support/manual_clock.h"

namespace longshore::test {

inline std::string digest_text(std::string_view bytes) {
  return "sha256:" + to_hex(as_bytes(sha256(bytes)));
}

inline StubReply reply(int status, HttpFields fields = {}, std::string body = {}) {
  return StubReply{status, std::move(fields), std::move(body)};
}

inline const std::string kManifestBytes = R"({"schemaVersion":2})";
inline const std::string kManifestType = "application/vnd.oci.image.manifest.v1+json";

inline StubReply manifest_reply(const std::string& bytes = kManifestBytes) {
  return reply(
      200, {{"Content-Type", kManifestType}, {"Docker-Content-Digest", digest_text(bytes)}}, bytes);
}

inline StubReply challenge(const std::string& value) {
  return reply(401, {{"WWW-Authenticate", value}});
}

// A client, and the entries of the stub registries that it may ask.
struct RegistryFixture {
  ManualClock clock;
  HttpClient http;
  RegistriesOptions options;

  // The entry of a registry that speaks plain http.
  RegistryOptions& add(const HttpStub& stub) {
    RegistryOptions entry;
    entry.host = stub.host();
    entry.plain_http = true;
    entry.deadline = std::chrono::seconds{60};
    return options.registries.emplace_back(entry);
  }
  std::unique_ptr<RegistryClient> client() {
    return std::make_unique<RegistryClient>(options, http, clock);
  }
};

inline Repository repository(const HttpStub& stub, const std::string& path = "acme/shop") {
  return *Repository::of(stub.host(), path);
}
inline Tag tag(const std::string& text = "1.0") {
  return *Tag::parse(text);
}
inline Digest digest(std::string_view bytes = kManifestBytes) {
  return *Digest::parse(digest_text(bytes));
}

}  // namespace longshore::test
