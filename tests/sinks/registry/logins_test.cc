// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/logins.h"

#include <catch2/catch.hpp>

#include "pipeline/crypto.h"

using namespace longshore;
using Catch::Matchers::Contains;

namespace {

// The names of those among `places` that belong to the repository, in their order: each place is
// its own user name.
std::vector<std::string> fitting(const std::string& repository,
                                 const std::vector<std::string>& places) {
  std::vector<Login> logins;
  for (const std::string& place : places)
    logins.push_back({place, {place, "p", {}}});
  std::vector<std::string> names;
  for (const Credentials& one : logins_for(*Repository::parse(repository), std::move(logins)))
    names.push_back(one.username);
  return names;
}

bool fits(const std::string& repository, const std::string& place) {
  return !fitting(repository, {place}).empty();
}

}  // namespace

TEST_CASE("A login belongs to the host and the path that its secret names", "[sinks][registry]") {
  CHECK(fits("hub.example.com/acme/shop", "hub.example.com"));
  CHECK(fits("hub.example.com/acme/shop", "https://HUB.example.com"));
  CHECK(fits("hub.example.com/acme/shop", "https://hub.example.com/v2/"));
  CHECK(fits("hub.example.com/acme/shop", "hub.example.com/"));
  CHECK(fits("hub.example.com/acme/shop", "hub.example.com/acme"));
  CHECK(fits("hub.example.com/acme/shop", "https://hub.example.com/v1/acme/"));
  CHECK(fits("hub.example.com:5000/acme/shop", "hub.example.com:5000/acme/shop"));
  CHECK_FALSE(fits("hub.example.com/acme/shop", "hub.example.com/other"));
  CHECK_FALSE(fits("hub.example.com/acme", "hub.example.com/acme/shop"));
  CHECK_FALSE(fits("hub.example.com/acme/shop", "hub.example.com:443"));
  CHECK_FALSE(fits("hub.example.com:5000/acme/shop", "hub.example.com"));
  CHECK_FALSE(fits("hub.example.com/acme/shop", "example.com"));
  CHECK_FALSE(fits("hub.example.com/acme/shop", "other@hub.example.com"));
  CHECK_FALSE(fits("hub.example.com/acme/shop", ""));
}

TEST_CASE("A star stands for one part of a host's name", "[sinks][registry]") {
  CHECK(fits("abc.kubernetes.io/a", "*.kubernetes.io"));
  CHECK_FALSE(fits("kubernetes.io/a", "*.kubernetes.io"));
  CHECK_FALSE(fits("abc.def.kubernetes.io/a", "*.kubernetes.io"));
  CHECK(fits("abc.def.kubernetes.io/a", "*.*.kubernetes.io"));
  CHECK(fits("prefix.kubernetes.io/a", "prefix.*.io"));
  CHECK(fits("prefix-good.kubernetes.io/a", "*-good.kubernetes.io"));
  CHECK_FALSE(fits("prefix-bad.kubernetes.io/a", "*-good.kubernetes.io"));
  CHECK(fits("abc.example.com:5000/a/b", "*.example.com:5000/a"));
  CHECK_FALSE(fits("abc.example.com:5000/a/b", "*.example.com"));
  CHECK_FALSE(fits("abc.example.com/a/b", "*"));
  CHECK_FALSE(fits("abc.example.com/a/b", "*.example.com/b"));
}

TEST_CASE("Docker Hub is meant by all of its names", "[sinks][registry]") {
  for (const char* name : {"https://index.docker.io/v1/", "index.docker.io", "docker.io",
                           "https://registry-1.docker.io/v2/"}) {
    CAPTURE(name);
    CHECK(fits("nginx", name));
    CHECK_FALSE(fits("ghcr.io/acme/app", name));
  }
  CHECK(fits("acme/app", "docker.io/acme"));
  CHECK_FALSE(fits("nginx", "docker.io/acme"));
}

TEST_CASE("The more specific login comes first, and each once", "[sinks][registry]") {
  CHECK(fitting("hub.example.com/acme/shop",
                {"*.example.com", "hub.example.com", "hub.example.com/acme/shop",
                 "*.example.com/acme", "hub.example.com/acme", "other.example.com"}) ==
        std::vector<std::string>{"hub.example.com/acme/shop", "hub.example.com/acme",
                                 "hub.example.com", "*.example.com/acme", "*.example.com"});
  CHECK(fitting("a.example/b", {"a.example", "a.example", "a.example"}).size() == 1);
  std::vector<std::string> many;
  for (int i = 0; i < 30; ++i)
    many.push_back("a.example/" + std::string(static_cast<std::size_t>(i), 'b'));
  CHECK(fitting("a.example/" + std::string(40, 'b'), many).size() == 20);
}

TEST_CASE("Both files of pull secrets are read, and what is broken in them is passed over",
          "[sinks][registry]") {
  const std::string entries = R"({"a.example/x":{"auth":")" + to_base64("u:p:q") +
                              R"("},"b.example":{"username":"u2","password":"p2","email":"e"},
    "c.example":{"identitytoken":"refresh","auth":""},"d.example":{},
    "e.example":{"auth":"nonsense"},"f.example":[],"g.example":{"auth":"dTpw"}})";
  const std::vector<Login> expected{{"a.example/x", {"u", "p:q", {}}},
                                    {"b.example", {"u2", "p2", {}}},
                                    {"c.example", {{}, {}, "refresh"}},
                                    {"g.example", {"u", "p", {}}}};
  const auto json = read_logins("{\"auths\":" + entries + "}", LoginsFile::config_json);
  REQUIRE(json);
  CHECK(*json == expected);
  const auto old = read_logins(entries, LoginsFile::dockercfg);
  REQUIRE(old);
  CHECK(*old == expected);
  CHECK(read_logins("{}", LoginsFile::config_json)->empty());
  for (const char* broken :
       {"", "hidden", "[\"hidden\"]", R"({"auths":"hidden"})", R"({"auths":)"}) {
    CAPTURE(broken);
    const auto bad = read_logins(broken, LoginsFile::config_json);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == Errc::invalid_input);
    CHECK_THAT(bad.error().message, !Contains("hidden"));
  }
}
