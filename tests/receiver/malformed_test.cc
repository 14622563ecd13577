// SPDX-License-Identifier: Apache-2.0
//
// What no sender should write, for every type. Bodies that are wrong in one member stand in
// tests/payloads; here are the faults that look the same in all types.
#include <catch2/catch.hpp>

#include "receiver/decoder.h"
#include "support/payloads.h"

using longshore::decode;
using longshore::Decoded;
using longshore::Headers;
using longshore::Result;
using longshore::SourceType;

namespace {

struct Sample {
  SourceType type;
  std::string file;
  Headers headers;
  std::string body;
};

std::vector<Sample> samples() {
  std::vector<Sample> all = {
      {SourceType::dockerhub, "dockerhub/push.json", {}, {}},
      {SourceType::harbor, "harbor/push.json", {}, {}},
      {SourceType::harbor, "harbor/push-cloudevents.json", {}, {}},
      {SourceType::distribution, "distribution/four-events.json", {}, {}},
      {SourceType::github, "github/package-published.json", {}, {}},
      {SourceType::native, "native/images.json", {}, {}},
  };
  for (Sample& sample : all) {
    const auto path = longshore::test::payload_folder() / sample.file;
    sample.headers = longshore::test::read_headers(path);
    sample.body = longshore::test::read_file(path);
    while (sample.body.ends_with('\n'))
      sample.body.pop_back();
    REQUIRE(decode(sample.type, sample.headers, sample.body));
  }
  return all;
}

std::string fault(const Sample& sample, const std::string& body) {
  const Result<Decoded> result = decode(sample.type, sample.headers, body);
  if (result) return "";
  CHECK(result.error().code == longshore::Errc::invalid_input);
  CHECK(result.error().message.size() < 300);
  return result.error().message;
}

}  // namespace

TEST_CASE("A body that is cut off anywhere is an error", "[receiver][malformed]") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.file);
    for (std::size_t size = 0; size < sample.body.size(); ++size) {
      const std::string message = fault(sample, sample.body.substr(0, size));
      if (!message.starts_with("body: ")) FAIL("cut at " << size << ": " << message);
    }
  }
}

TEST_CASE("Anything after the end of a body is an error", "[receiver][malformed]") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.file);
    CHECK(fault(sample, sample.body + "\n \t").empty());
    for (const std::string tail : {"}", "x", "{}", ",", "1", "null"}) {
      CHECK(fault(sample, sample.body + tail).starts_with("body: is not JSON"));
    }
    CHECK(fault(sample, sample.body + std::string(1, '\0')).starts_with("body: is not JSON"));
  }
}

TEST_CASE("A body that is not UTF-8 is an error", "[receiver][malformed]") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.file);
    std::string body = sample.body;
    body.insert(1, "\"z\":\"\xC3\x28\",");
    CHECK(fault(sample, body) == "body: is not JSON: it is not valid UTF-8");
  }
}

TEST_CASE("A body that is nested too deeply is an error", "[receiver][malformed]") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.file);
    std::string body = sample.body;
    body.insert(1, "\"z\":" + std::string(50'000, '[') + std::string(50'000, ']') + ",");
    CHECK(fault(sample, body) == "body: is nested deeper than 64 levels");
  }
}

TEST_CASE("A huge member that nobody reads does no harm", "[receiver][malformed]") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.file);
    std::string body = sample.body;
    body.insert(1, "\"z\":\"" + std::string(5U << 20, 'x') + "\",");
    CHECK(fault(sample, body).empty());
  }
}

TEST_CASE("A body that is no object is an error", "[receiver][malformed]") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.file);
    CHECK(fault(sample, "[" + sample.body + "]") == "body: expected an object, found a list");
    CHECK(fault(sample, "\"text\"") == "body: expected an object, found text");
    CHECK(fault(sample, "7") == "body: expected an object, found a number");
    CHECK(fault(sample, "null") == "body: expected an object, found null");
    CHECK(fault(sample, "") == "body: expected JSON, found nothing");
    CHECK(fault(sample, "\xEF\xBB\xBF").starts_with("body: "));
  }
}

TEST_CASE("A member that is read and there twice is an error that names it",
          "[receiver][malformed]") {
  const std::vector<Sample> all = samples();
  const std::vector<std::string> names = {"push_data", "type",   "data",
                                          "events",    "action", "images"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].file);
    std::string body = all[i].body;
    body.insert(1, "\"" + names[i] + "\":null,");
    CHECK(fault(all[i], body) == names[i] + ": is there twice");
  }
}

TEST_CASE("A member of the wrong type is an error that names it", "[receiver][malformed]") {
  struct Case {
    SourceType type;
    std::string body;
    std::string message;
  };
  const auto item = GENERATE(values<Case>({
      {SourceType::dockerhub, R"({"push_data":[],"repository":{"repo_name":"a/b"}})",
       "push_data: expected an object, found a list"},
      {SourceType::dockerhub, R"({"push_data":{"tag":"1"},"repository":{"repo_name":{}}})",
       "repository.repo_name: expected text, found an object"},
      {SourceType::harbor, R"({"type":7})", "type: expected text, found a number"},
      {SourceType::harbor,
       R"({"type":"PUSH_ARTIFACT","occur_at":"now","event_data":{"repository":{"repo_full_name":"a/b"}}})",
       "occur_at: expected a number, found text"},
      {SourceType::harbor,
       R"({"type":"PUSH_ARTIFACT","event_data":{"repository":{"repo_full_name":"a/b"},"resources":{}}})",
       "event_data.resources: expected a list, found an object"},
      {SourceType::harbor,
       R"({"specversion":"1.0","type":"harbor.artifact.pushed","data":{"repository":7}})",
       "data.repository: expected an object, found a number"},
      {SourceType::distribution, R"({"events":7})", "events: expected a list, found a number"},
      {SourceType::distribution, R"({"events":[7]})",
       "events[0]: expected an object, found a number"},
      {SourceType::distribution, R"({"events":[{"action":"push","target":{"repository":7}}]})",
       "events[0].target.repository: expected text, found a number"},
      {SourceType::distribution,
       R"({"events":[{"action":"push","target":{"repository":"a"},"request":{"host":[]}}]})",
       "events[0].request.host: expected text, found a list"},
      {SourceType::github, R"({"action":"published","package":7})",
       "package: expected an object, found a number"},
      {SourceType::github, R"({"action":true,"package":{"package_type":"container"}})",
       "action: expected text, found true or false"},
      {SourceType::native, R"({"image":{}})", "image: expected text, found an object"},
      {SourceType::native, R"({"images":"a/b:1"})", "images: expected a list, found text"},
      {SourceType::native, R"({"images":[{"image":7}]})",
       "images[0].image: expected text, found a number"},
  }));
  CAPTURE(item.body);
  const auto result = decode(item.type, {}, item.body);
  REQUIRE_FALSE(result);
  CHECK(result.error().message == item.message);
}

TEST_CASE("A notification with too many events is an error", "[receiver][malformed]") {
  std::string images = "\"a/b:1\"";
  for (int i = 0; i < 1000; ++i)
    images += ",\"a/b:1\"";
  const auto result = decode(SourceType::native, {}, "{\"images\":[" + images + "]}");
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "images: has more than 1000 elements");
}
