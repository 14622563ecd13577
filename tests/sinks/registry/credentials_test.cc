// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/credentials.h"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "pipeline/crypto.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_folder.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

// Puts a folder before PATH while it lives.
class Path {
 public:
  explicit Path(const std::filesystem::path& folder) : before_(std::getenv("PATH")) {
    ::setenv("PATH", (folder.string() + ':' + before_).c_str(), 1);
  }
  ~Path() { ::setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

struct Fixture {
  TempFolder folder;
  ManualClock clock;
  RegistriesOptions options;

  CredentialStore store(std::string_view config) {
    options.docker_config = folder.write("config.json", config);
    return CredentialStore(options, clock);
  }
  void helper(const std::string& name, const std::string& script) {
    const auto path = folder.write("docker-credential-" + name, "#!/bin/sh\n" + script);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
};

CallScope patient() {
  return {std::chrono::steady_clock::now() + 60s, {}};
}

// "user:password", "token:…", "none" or "error: …".
std::string found(CredentialStore& store, const std::string& host) {
  RegistryOptions registry;
  registry.host = host;
  const auto credentials = store.find(registry, patient());
  if (!credentials) return "error: " + credentials.error().message;
  if (!*credentials) return "none";
  const Credentials& found = **credentials;
  if (!found.identity_token.empty()) return "token:" + found.identity_token;
  return found.username + ':' + found.password;
}

}  // namespace

TEST_CASE("Credentials of the configuration come before the file's", "[sinks][registry]") {
  Fixture fixture;
  auto store = fixture.store(R"({"auths":{"a.example":{"auth":"dTpw"}}})");
  RegistryOptions registry;
  registry.host = "a.example";
  registry.username = "robot";
  registry.password = "secret";
  CHECK((*store.find(registry, patient()))->username == "robot");
  CHECK(found(store, "a.example") == "u:p");
}

TEST_CASE("Credentials are found in auths under the keys that programs write",
          "[sinks][registry]") {
  Fixture fixture;
  auto store = fixture.store(R"({"auths":{
    "https://index.docker.io/v1/":{"auth":")" +
                             to_base64("hub:a:b") + R"("},
    "a.example":{"auth":"dTpw"}, "https://b.example":{"username":"u2","password":"p2"},
    "https://c.example/v2/":{"auth":"dTpw","identitytoken":"refresh"}, "d.example:5000":{"auth":"dTpw"},
    "e.example":{}, "f.example":{"auth":")" +
                             to_base64(std::string("u:p\0\0", 5)) + R"("}}})");
  CHECK(found(store, "docker.io") == "hub:a:b");
  CHECK(found(store, "a.example") == "u:p");
  CHECK(found(store, "b.example") == "u2:p2");
  CHECK(found(store, "c.example") == "token:refresh");
  CHECK(found(store, "d.example:5000") == "u:p");
  CHECK(found(store, "d.example") == "none");
  CHECK(found(store, "e.example") == "none");
  CHECK(found(store, "f.example") == "u:p");
}

TEST_CASE("A file that is not there has no credentials, a broken one is named without its secrets",
          "[sinks][registry]") {
  Fixture fixture;
  auto broken = fixture.store(R"({"auths":{"a.example":{"auth":"c2VjcmV0"}}})");
  CHECK_THAT(found(broken, "a.example"), Contains("config.json") && Contains("auths.a.example") &&
                                             !Contains("secret") && !Contains("c2VjcmV0"));
  auto cut = fixture.store(R"({"auths":)");
  CHECK_THAT(found(cut, "a.example"), Contains("error: "));
  fixture.options.docker_config = fixture.folder / "absent.json";
  CredentialStore absent(fixture.options, fixture.clock);
  CHECK(found(absent, "a.example") == "none");
  fixture.options.docker_config.clear();
  CredentialStore none(fixture.options, fixture.clock);
  CHECK(found(none, "a.example") == "none");
}

TEST_CASE("A helper is asked with the server on its input", "[sinks][registry]") {
  Fixture fixture;
  const Path path(fixture.folder.path());
  fixture.helper("own", R"(echo "{\"Username\":\"$1\",\"Secret\":\"$(cat)\"}")");
  fixture.helper("all", R"(read -r x; echo '{"Username":"<token>","Secret":"all"}')");
  auto store = fixture.store(
      R"({"credHelpers":{"a.example":"own"},"credsStore":"all","auths":{"a.example":{}}})");
  CHECK(found(store, "a.example") == "get:a.example");
  CHECK(found(store, "b.example") == "token:all");
  auto hub = fixture.store(R"({"credsStore":"own"})");
  CHECK(found(hub, "docker.io") == "get:https://index.docker.io/v1/");
}

TEST_CASE("A helper that has none leaves it to auths", "[sinks][registry]") {
  Fixture fixture;
  const Path path(fixture.folder.path());
  fixture.helper("none", "echo credentials not found in native keychain; exit 1");
  auto store = fixture.store(R"({"credsStore":"none","auths":{"a.example":{"auth":"dTpw"}}})");
  CHECK(found(store, "a.example") == "u:p");
  CHECK(found(store, "b.example") == "none");
}

TEST_CASE("A helper that misbehaves is an error that shows nothing of it", "[sinks][registry]") {
  Fixture fixture;
  const Path path(fixture.folder.path());
  fixture.options.helper_deadline = 300ms;
  fixture.helper("fails", "echo hidden; exit 1");
  fixture.helper("nonsense", "echo hidden");
  fixture.helper("hangs", "echo hidden; sleep 1000");
  fixture.helper("lingers",
                 "echo '{\"Username\":\"u\",\"Secret\":\"hidden\"}'; exec >&-; sleep 1000");
  fixture.helper("floods", "while :; do echo hidden hidden hidden hidden; done");
  const std::string name =
      GENERATE("fails", "nonsense", "hangs", "lingers", "floods", "absent", "../evil", "a b", "");
  CAPTURE(name);
  auto store = fixture.store(R"({"credHelpers":{"a.example":")" + name + "\"}}");
  const std::string answer = found(store, "a.example");
  if (name.empty()) {
    CHECK(answer == "none");
  } else {
    CHECK_THAT(answer, Contains("error: ") && !Contains("hidden"));
  }
}

TEST_CASE("What was found is kept for a while, or until it is refused", "[sinks][registry]") {
  Fixture fixture;
  auto store = fixture.store(R"({"auths":{"a.example":{"auth":"dTpw"}}})");
  CHECK(found(store, "a.example") == "u:p");
  fixture.folder.write("config.json", R"({"auths":{"a.example":{"auth":"djpx"}}})");
  CHECK(found(store, "a.example") == "u:p");
  fixture.clock.advance(301s);
  CHECK(found(store, "a.example") == "v:q");
  fixture.folder.write("config.json", R"({"auths":{}})");
  CHECK(found(store, "a.example") == "v:q");
  store.forget("a.example");
  CHECK(found(store, "a.example") == "none");
}
