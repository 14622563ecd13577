// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/sinks/registry/registry_fixture.h"

using namespace longshore;
using namespace longshore::test;
using Catch::Matchers::Contains;

namespace {

std::string tag_name(int number) {
  std::string digits = std::to_string(number);
  return "t" + std::string(6 - digits.size(), '0') + digits;
}

std::string tag_page(int from, int until) {
  std::string body = R"({"name":"acme/shop","tags":[)";
  for (int i = from; i < until; ++i)
    body += (i == from ? "\"" : ",\"") + tag_name(i) + '"';
  return body + "]}";
}

struct Listed {
  Status status = Done{};
  std::vector<Tag> tags;
  std::size_t pages = 0;
  std::size_t largest = 0;
};

Listed list(RegistryClient& client, const Repository& repository) {
  Listed listed;
  listed.status = client.list_tags(repository, [&](std::vector<Tag> page) {
    ++listed.pages;
    listed.largest = std::max(listed.largest, page.size());
    listed.tags.insert(listed.tags.end(), page.begin(), page.end());
    return Status(Done{});
  });
  return listed;
}

// A list whose only answer has that body and that Link.
Listed list_one(const std::string& body, const HttpFields& fields = {}) {
  HttpStub hub([&](const StubRequest&) { return reply(200, fields, body); });
  RegistryFixture fixture;
  fixture.add(hub);
  return list(*fixture.client(), repository(hub));
}

}  // namespace

TEST_CASE("A hundred thousand tags come in pages, one in memory at a time", "[sinks][registry]") {
  static constexpr int kTags = 100'000;
  HttpStub hub([](const StubRequest& request) {
    const std::size_t last = request.target.find("last=t");
    const int from =
        last == std::string::npos ? 0 : std::stoi(request.target.substr(last + 6, 6)) + 1;
    const int until = std::min(from + 1'000, kTags);
    const std::string next =
        "</v2/acme/shop/tags/list?last=" + tag_name(until - 1) + "&n=1000>; rel=\"next\"";
    return reply(200, until < kTags ? HttpFields{{"Link", next}} : HttpFields{},
                 tag_page(from, until));
  });
  RegistryFixture fixture;
  fixture.add(hub);
  const Listed listed = list(*fixture.client(), repository(hub));
  REQUIRE(listed.status);
  CHECK(listed.pages == 100);
  CHECK(listed.largest == 1'000);
  REQUIRE(listed.tags.size() == kTags);
  CHECK(listed.tags.front().str() == "t000000");
  CHECK(listed.tags.back().str() == "t099999");
  CHECK(hub.requests().front().target == "/v2/acme/shop/tags/list?n=1000");
  CHECK(hub.connections() == 1);
}

TEST_CASE("A registry that knows no pages sends all tags at once", "[sinks][registry]") {
  const Listed listed = list_one(tag_page(0, 100'000));
  REQUIRE(listed.status);
  CHECK(listed.tags.size() == 100'000);
}

TEST_CASE("A repository may have no tags, and tags that are none are left out",
          "[sinks][registry]") {
  CHECK(list_one(R"({"name":"a","tags":null})").tags.empty());
  CHECK(list_one(R"({"name":"a","tags":[]})").status);
  const Listed listed = list_one(R"({"tags":["1.0","not a tag","","-x","2.0"]})");
  REQUIRE(listed.tags.size() == 2);
  CHECK(listed.tags.back().str() == "2.0");
}

TEST_CASE("A next page at another place is not asked for", "[sinks][registry]") {
  HttpStub other([](const StubRequest&) { return reply(200, {}, tag_page(0, 1)); });
  const std::string place = GENERATE("http", "https", "//", "localhost");
  CAPTURE(place);
  const std::string url = place == "http"    ? other.url("/v2/")
                          : place == "https" ? "https://" + other.host() + '/'
                          : place == "//"    ? "//" + other.host() + '/'
                                             : "http://localhost:1/";
  const Listed listed = list_one(tag_page(0, 1), {{"Link", '<' + url + ">; rel=\"next\""}});
  REQUIRE_FALSE(listed.status);
  CHECK(listed.status.error().code == Errc::unsupported);
  CHECK_THAT(listed.status.error().message, Contains("another place"));
  CHECK(other.connections() == 0);
}

TEST_CASE("A list that goes round in circles ends", "[sinks][registry]") {
  HttpStub hub([](const StubRequest& request) {
    const bool at_b = request.target.find("last=b") != std::string::npos;
    const std::string next = at_b ? "<?last=c>; rel=next" : "<?last=b>; rel=next";
    return reply(200, {{"Link", next}}, tag_page(0, 1));
  });
  RegistryFixture fixture;
  fixture.add(hub);
  const Listed listed = list(*fixture.client(), repository(hub));
  REQUIRE_FALSE(listed.status);
  CHECK_THAT(listed.status.error().message, Contains("does not end"));
  CHECK(listed.pages == 3);
}

TEST_CASE("A list that is none, and a reader who has enough, end it", "[sinks][registry]") {
  CHECK(list_one("[]").status.error().code == Errc::unsupported);
  CHECK(list_one(R"({"tags":[1]})").status.error().code == Errc::unsupported);
  CHECK(list_one("<html>").status.error().code == Errc::unsupported);
  HttpStub hub([](const StubRequest&) { return reply(200, {}, tag_page(0, 3)); });
  RegistryFixture fixture;
  fixture.add(hub);
  const auto status = fixture.client()->list_tags(repository(hub), [](auto) {
    return Status(Error{Errc::io, "enough"});
  });
  CHECK(status.error().message == "enough");
}
