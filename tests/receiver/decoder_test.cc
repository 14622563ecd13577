// SPDX-License-Identifier: Apache-2.0
//
// What bodies kept in files do not show: headers, and what must not be mistaken for something else.
#include "receiver/decoder.h"

#include <catch2/catch.hpp>

#include "support/payloads.h"

using longshore::decode;
using longshore::Decoded;
using longshore::EventKind;
using longshore::Headers;
using longshore::SourceType;

namespace {

Decoded github(const Headers& headers, const std::string& file = "github/package-published.json") {
  const auto body = longshore::test::read_file(longshore::test::payload_folder() / file);
  const auto decoded = decode(SourceType::github, headers, body);
  REQUIRE(decoded);
  return *decoded;
}

}  // namespace

TEST_CASE("A GitHub delivery without an id has none, not an empty one", "[receiver][decoder]") {
  const Headers headers =
      GENERATE(Headers{{"X-GitHub-Event", "package"}}, Headers{{"X-GitHub-Delivery", ""}},
               Headers{{"X-GitHub-Delivery", " "}},
               Headers{{"X-GitHub-Delivery", "a"}, {"x-github-delivery", "b"}});
  const Decoded decoded = github(headers);
  REQUIRE(decoded.facts.size() == 1);
  CHECK_FALSE(decoded.facts[0].delivery_id);
}

TEST_CASE("GitHub's header decides which event it is, not the body", "[receiver][decoder]") {
  CHECK(github({{"X-GitHub-Event", "push"}}).ignored ==
        "GitHub's event 'push' is not about an image");
  CHECK(github({{"X-GitHub-Event", "ping"}}).ignored == "ping");
  CHECK(github({{"X-GitHub-Event", "package"}}).facts.size() == 1);
}

TEST_CASE("GitHub's form is told by its content type, parameters or not", "[receiver][decoder]") {
  const std::string file = "github/package-published-form.form";
  for (const std::string type :
       {"application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded; charset=utf-8"}) {
    CHECK(github({{"Content-Type", type}}, file).facts.size() == 1);
  }
}

TEST_CASE("A deletion that names nothing that we can read deletes nothing", "[receiver][decoder]") {
  const auto harbor =
      decode(SourceType::harbor, {},
             R"({"type":"DELETE_ARTIFACT","event_data":{"repository":{"repo_full_name":"a/b"},
          "resources":[{"digest":"md5:12","tag":"md5:12","resource_url":"h.example.com/a/b"}]}})");
  REQUIRE(harbor);
  CHECK(harbor->facts.at(0).kind == EventKind::other);
  const auto distribution =
      decode(SourceType::distribution, {},
             R"({"events":[{"action":"delete","target":{"repository":"a/b","digest":"md5:12"}}]})");
  REQUIRE(distribution);
  CHECK(distribution->facts.at(0).kind == EventKind::other);
}

TEST_CASE("A native id counts only where the request is signed", "[receiver][decoder]") {
  const auto id = [](const Headers& headers) {
    const auto decoded = decode(SourceType::native, headers, R"({"image":"a/b:1"})");
    REQUIRE(decoded);
    return decoded->facts.at(0).delivery_id;
  };
  CHECK(id({{"webhook-id", "m1"}, {"webhook-signature", "v1,x"}}) == "m1");
  CHECK_FALSE(id({{"webhook-id", "m1"}}));
  CHECK_FALSE(id({{"webhook-id", "m1"}, {"webhook-signature", ""}}));
  CHECK_FALSE(id({{"webhook-id", ""}, {"webhook-signature", "v1,x"}}));
}

TEST_CASE("Decoding is the same on every call", "[receiver][decoder]") {
  for (const longshore::test::Payload& payload : longshore::test::all_payloads()) {
    CAPTURE(payload.path.string());
    const auto once = decode(payload.type, payload.headers, payload.body);
    const auto twice = decode(payload.type, payload.headers, payload.body);
    REQUIRE(once.has_value() == twice.has_value());
    if (once) CHECK(once->facts.size() == twice->facts.size());
    if (once) CHECK(once->facts.empty() == !once->ignored.empty());
  }
}
