// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/host_rules.h"

#include <catch2/catch.hpp>

using namespace longshore;
using Catch::Matchers::Contains;

namespace {

RegistryOptions entry(const std::string& host) {
  RegistryOptions options;
  options.host = host;
  return options;
}

HostRules rules(const RegistryOptions& options, Named named = Named::yes) {
  return *HostRules::of(options, named);
}

// What becomes of the secrets: "given", "kept" (asked without), "refused".
std::string verdict(const RegistryOptions& options, const std::string& realm,
                    Secrets secrets = Secrets::some) {
  const auto found = rules(options).realm(realm, secrets);
  if (found) return found->give == Secrets::some ? "given" : "kept";
  CHECK(found.error().code == Errc::unauthorized);
  return "refused";
}

}  // namespace

TEST_CASE("Credentials go to token services that are plainly the registry's", "[sinks][registry]") {
  RegistryOptions harbor = entry("harbor.example.com");
  CHECK(verdict(harbor, "https://harbor.example.com/service/token") == "given");
  CHECK(verdict(harbor, "https://HARBOR.example.com:443/service/token") == "given");
  CHECK(verdict(entry("docker.io"), "https://auth.docker.io/token") == "given");
  CHECK(verdict(entry("registry.gitlab.com"), "https://gitlab.com/jwt/auth") == "given");
  harbor.auth_hosts = {"login.example.com", "Keys.example.com:8443", "[::1]"};
  CHECK(verdict(harbor, "https://login.example.com/") == "given");
  CHECK(verdict(harbor, "https://keys.example.com:8443/") == "given");
  CHECK(verdict(harbor, "https://[::1]/") == "given");
}

TEST_CASE("Credentials go nowhere else, whatever a registry says", "[sinks][registry]") {
  RegistryOptions harbor = entry("harbor.example.com");
  harbor.auth_hosts = {"login.example.com", "keys.example.com:8443"};
  const std::string realm =
      GENERATE("https://evil.example/token", "https://harbor.example.com:8443/token",
               "https://harbor.example.com.evil.example/token",
               "https://evilharbor.example.com/token", "https://login.example.com:444/",
               "https://keys.example.com/", "https://auth.docker.io/token", "https://example.com/");
  CAPTURE(realm);
  CHECK(verdict(harbor, realm) == "refused");
  CHECK(verdict(harbor, realm, Secrets::none) == "kept");
  const auto refused = rules(harbor).realm(realm, Secrets::some);
  CHECK_THAT(refused.error().message, Contains("auth_hosts") && Contains("harbor.example.com"));
}

TEST_CASE("A realm that is no URL of TLS is refused, with and without credentials",
          "[sinks][registry]") {
  const std::string realm =
      GENERATE("http://harbor.example.com/token", "http://evil.example/", "", "token", "/token",
               "ftp://harbor.example.com/", "https://harbor.example.com@evil.example/",
               "https://user:pw@harbor.example.com/", "file:///etc/passwd");
  CAPTURE(realm);
  CHECK(verdict(entry("harbor.example.com"), realm) == "refused");
  CHECK(verdict(entry("harbor.example.com"), realm, Secrets::none) == "refused");
}

TEST_CASE("A registry that is plain http may have a plain token service", "[sinks][registry]") {
  RegistryOptions local = entry("127.0.0.1:5000");
  local.plain_http = true;
  CHECK(verdict(local, "http://127.0.0.1:5000/token") == "given");
  CHECK(verdict(local, "http://127.0.0.1:5001/token") == "refused");
  CHECK(verdict(local, "https://127.0.0.1:5000/token") == "refused");
  local.auth_hosts = {"127.0.0.1:5001"};
  CHECK(verdict(local, "http://127.0.0.1:5001/token") == "given");
}

TEST_CASE("Docker Hub is asked where it answers", "[sinks][registry]") {
  CHECK(rules(entry("docker.io")).base().str() == "https://registry-1.docker.io/");
  CHECK(rules(entry("ghcr.io")).base().str() == "https://ghcr.io/");
  CHECK_FALSE(HostRules::of(entry("no host"), Named::yes));
}

TEST_CASE("Redirects never lead from TLS to none, pages never to another place",
          "[sinks][registry]") {
  const HostRules harbor = rules(entry("harbor.example.com"));
  const Url from = *Url::parse("https://harbor.example.com/v2/a/blobs/b");
  CHECK(harbor.redirect(from, "https://bucket.example/x?sig=1"));
  CHECK(harbor.redirect(from, "/elsewhere")->authority() == "harbor.example.com:443");
  CHECK_FALSE(harbor.redirect(from, "http://bucket.example/x"));
  CHECK_FALSE(harbor.redirect(from, "//bucket.example@evil.example/"));
  CHECK_FALSE(harbor.redirect(from, "file:///etc/passwd"));
  CHECK(harbor.next_page(from, "/v2/a/tags/list?last=b"));
  CHECK(harbor.next_page(from, "https://harbor.example.com/v2/a/tags/list?last=b"));
  CHECK_FALSE(harbor.next_page(from, "http://harbor.example.com/v2/a/tags/list?last=b"));
  CHECK_FALSE(harbor.next_page(from, "https://evil.example/v2/a/tags/list?last=b"));
  CHECK_FALSE(harbor.next_page(from, "//evil.example/"));
  CHECK_FALSE(harbor.next_page(from, "https://harbor.example.com:8443/"));
}

TEST_CASE("Only hosts that the configuration names may be at private addresses",
          "[sinks][registry]") {
  RegistryOptions options = entry("harbor.example.com");
  options.auth_hosts = {"login.example.com"};
  options.redirect_hosts = {"minio.example.com:9000"};
  const auto reach = [&](const std::string& url, Named named = Named::yes) {
    return rules(options, named).reach(*Url::parse(url));
  };
  CHECK(reach("https://harbor.example.com/v2/") == Reach::anywhere);
  CHECK(reach("https://login.example.com/") == Reach::anywhere);
  CHECK(reach("https://minio.example.com:9000/") == Reach::anywhere);
  CHECK(reach("https://minio.example.com/") == Reach::only_public);
  CHECK(reach("https://harbor.example.com:8443/") == Reach::only_public);
  CHECK(reach("https://evil.example/") == Reach::only_public);
  CHECK(reach("https://harbor.example.com/", Named::no) == Reach::only_public);
}

TEST_CASE("A client certificate is shown to the registry and its token services only",
          "[sinks][registry]") {
  RegistryOptions options = entry("harbor.example.com");
  options.auth_hosts = {"login.example.com"};
  options.redirect_hosts = {"minio.example.com"};
  options.ca_file = "ca.pem";
  options.cert_file = "cert.pem";
  options.key_file = "key.pem";
  const auto tls = [&](const std::string& url) { return rules(options).tls(*Url::parse(url)); };
  CHECK(tls("https://harbor.example.com/") == TlsFiles{"ca.pem", "cert.pem", "key.pem"});
  CHECK(tls("https://login.example.com/") == TlsFiles{"ca.pem", "cert.pem", "key.pem"});
  CHECK(tls("https://minio.example.com/") == TlsFiles{"ca.pem", {}, {}});
}
