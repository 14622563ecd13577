// SPDX-License-Identifier: Apache-2.0
#include "pipeline/json_reader.h"

#include <thread>

#include <catch2/catch.hpp>

using longshore::JsonDocument;
using longshore::JsonElement;
using longshore::JsonObject;

namespace {

std::string fault_of(std::string_view body) {
  JsonDocument document(body);
  const JsonObject root = document.root({"a", "b", "c"});
  root.text("a");
  root.object("b", {"x"}).text("x");
  root.list("c");
  return document.error() ? document.error()->message : "";
}

}  // namespace

TEST_CASE("JsonDocument reads texts, objects and lists", "[pipeline][json]") {
  JsonDocument document(R"({"a":"1","b":{"x":"2","y":3},"c":["3",{"x":"4"}],"d":5})");
  const JsonObject root = document.root({"a", "b", "c"});
  CHECK(root.required_text("a") == "1");
  CHECK(root.object("b", {"x"}).text("x") == "2");
  const std::vector<JsonElement> list = root.list("c");
  REQUIRE(list.size() == 2);
  CHECK(list[0].is_text());
  CHECK(list[0].required_text() == "3");
  CHECK_FALSE(list[1].is_text());
  CHECK(list[1].object({"x"}).text("x") == "4");
  CHECK_FALSE(document.error());
}

TEST_CASE("JsonDocument takes empty text, null and absence for the same", "[pipeline][json]") {
  const auto body = GENERATE(R"({"a":"","b":"","c":""})", R"({"a":null,"b":null,"c":null})", "{}");
  JsonDocument document(body);
  const JsonObject root = document.root({"a", "b", "c"});
  CHECK_FALSE(root.has("a"));
  CHECK_FALSE(root.text("a"));
  CHECK_FALSE(root.time("a"));
  CHECK_FALSE(root.unix_time("a"));
  CHECK(root.list("c").empty());
  const JsonObject inner = root.object("b", {"x"});
  CHECK_FALSE(inner.text("x"));
  CHECK_FALSE(document.error());
  CHECK(inner.required_text("x").empty());
  REQUIRE(document.error());
  CHECK(document.error()->message == "b.x: is missing");
}

TEST_CASE("JsonDocument names the path of what is wrong", "[pipeline][json]") {
  CHECK(fault_of(R"({"a":1})") == "a: expected text, found a number");
  CHECK(fault_of(R"({"a":true})") == "a: expected text, found true or false");
  CHECK(fault_of(R"({"b":{"x":[]}})") == "b.x: expected text, found a list");
  CHECK(fault_of(R"({"b":[1]})") == "b: expected an object, found a list");
  CHECK(fault_of(R"({"c":{}})") == "c: expected a list, found an object");
  CHECK(fault_of("[]") == "body: expected an object, found a list");
  CHECK(fault_of("null") == "body: expected an object, found null");

  JsonDocument document(R"({"c":[{"x":"1"},{"x":{}}]})");
  const JsonObject root = document.root({"c"});
  for (const JsonElement& element : root.list("c"))
    element.object({"x"}).text("x");
  REQUIRE(document.error());
  CHECK(document.error()->message == "c[1].x: expected text, found an object");
}

TEST_CASE("JsonDocument keeps the first fault and gives nothing after it", "[pipeline][json]") {
  JsonDocument document(R"({"a":1,"b":{"x":"2"},"c":[1]})");
  const JsonObject root = document.root({"a", "b", "c"});
  root.text("a");
  CHECK_FALSE(root.has("b"));
  CHECK_FALSE(root.object("b", {"x"}).text("x"));
  CHECK(root.list("c").empty());
  root.required_text("c");
  CHECK(document.error()->message == "a: expected text, found a number");
}

TEST_CASE("JsonDocument refuses a member twice, also when its name is escaped",
          "[pipeline][json]") {
  CHECK(fault_of(R"({"a":"1","z":1,"a":"2"})") == "a: is there twice");
  CHECK(fault_of("{\"\\u0061\":\"1\",\"a\":\"2\"}") == "a: is there twice");
  CHECK(fault_of(R"({"b":{"x":"1","x":null}})") == "b.x: is there twice");
  CHECK(fault_of(R"({"z":1,"z":2})").empty());
}

TEST_CASE("JsonDocument reads an escaped name as the name", "[pipeline][json]") {
  JsonDocument document("{\"\\u0061\":\"1\"}");
  CHECK(document.root({"a"}).text("a") == "1");
}

TEST_CASE("JsonDocument checks also what is not read", "[pipeline][json]") {
  CHECK(fault_of("") == "body: expected JSON, found nothing");
  CHECK(fault_of(" \n") == "body: expected JSON, found nothing");
  CHECK(fault_of("{\"z\":\"\xFF\"}") == "body: is not JSON: it is not valid UTF-8");
  CHECK(fault_of(R"({"z":"\x"})") == "body: is not JSON: a text has a malformed escape");
  CHECK(fault_of(R"({"z":01})") == "body: is not JSON: a number is malformed or out of range");
  CHECK(fault_of(R"({"z":"1)") == "body: is not JSON: a text does not end");
  const std::string other =
      "body: is not JSON: it is cut off, malformed, or something follows its end";
  CHECK(fault_of("{} {}") == other);
  CHECK(fault_of("{} x") == other);
  CHECK(fault_of(R"({"z":tru})") == other);
  CHECK(fault_of(R"({"z":[1,2})") == other);
  CHECK(fault_of(R"({"z":1)") == other);
}

TEST_CASE("JsonDocument refuses what is nested too deeply", "[pipeline][json]") {
  const auto nested = [](std::size_t levels) {
    return "{\"z\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  CHECK(fault_of(nested(60)).empty());
  CHECK(fault_of(nested(70)) == "body: is nested deeper than 64 levels");
  CHECK(fault_of(nested(100'000)) == "body: is nested deeper than 64 levels");
  CHECK(fault_of("{}").empty());
}

TEST_CASE("JsonDocument bounds lists and texts", "[pipeline][json]") {
  const auto list = [](int size) {
    std::string body = R"({"c":[0)";
    for (int i = 1; i < size; ++i)
      body += ",0";
    return body + "]}";
  };
  CHECK(fault_of(list(1000)).empty());
  CHECK(fault_of(list(1001)) == "c: has more than 1000 elements");
  const auto text = [](std::size_t size) { return R"({"a":")" + std::string(size, 'x') + "\"}"; };
  CHECK(fault_of(text(1024)).empty());
  CHECK(fault_of(text(1025)) == "a: is longer than 1024 bytes");
}

TEST_CASE("JsonObject reads long texts, numbers and long lists for who asks for them",
          "[pipeline][json]") {
  std::string body = R"({"a":")" + std::string(5'000, 'x') + R"(","b":1.5,"c":["0")";
  for (int i = 1; i < 5'000; ++i)
    body += ",\"" + std::to_string(i) + '"';
  JsonDocument document(body + "]}");
  const JsonObject root = document.root({"a", "b", "c"});
  CHECK(root.text("a", 5'000)->size() == 5'000);
  CHECK(root.number("b") == 1.5);
  std::size_t count = 0;
  bool in_order = true;
  root.each_text("c", 5'000, [&](std::string_view text) {
    in_order = in_order && text == std::to_string(count++);
  });
  CHECK(in_order);
  CHECK(count == 5'000);
  CHECK_FALSE(document.error());
  root.each_text("c", 4'999, [](std::string_view) {});
  REQUIRE(document.error());
  CHECK(document.error()->message == "c: has more than 4999 elements");
}

TEST_CASE("JsonObject refuses a list of texts that holds something else", "[pipeline][json]") {
  JsonDocument document(R"({"c":["a",1]})");
  document.root({"c"}).each_text("c", 10, [](std::string_view) {});
  REQUIRE(document.error());
  CHECK(document.error()->message == "c: holds a number among texts");
}

TEST_CASE("JsonDocument reads bodies of any size up to its limit in any order",
          "[pipeline][json]") {
  const auto body = [](std::size_t size) {
    return R"({"a":"1","z":")" + std::string(size, 'x') + "\"}";
  };
  for (const std::size_t size : {10U, 5'000U, 3U << 20, 20U, 100'000U, 2U << 20, 0U}) {
    CAPTURE(size);
    const std::string text = body(size);
    JsonDocument document(text);
    CHECK(document.root({"a"}).text("a") == "1");
    CHECK_FALSE(document.error());
  }
  CHECK(fault_of(std::string((64U << 20) + 1, ' ')) == "body: is larger than 64 MiB");
}

TEST_CASE("JsonObject reads times as registries write them", "[pipeline][json]") {
  JsonDocument document(R"({"a":1417566161,"b":1.417566161e+09,"c":"2014-12-03T00:22:41Z",
                            "d":"0001-01-01T00:00:00Z","e":0,"f":-62135596800,
                            "g":1417566161.25})");
  const JsonObject root = document.root({"a", "b", "c", "d", "e", "f", "g"});
  CHECK(longshore::format_time(*root.unix_time("a")) == "2014-12-03T00:22:41.000000Z");
  CHECK(root.unix_time("b") == root.unix_time("a"));
  CHECK(root.time("c") == root.unix_time("a"));
  CHECK_FALSE(root.time("d"));
  CHECK_FALSE(root.unix_time("e"));
  CHECK_FALSE(root.unix_time("f"));
  CHECK(longshore::format_time(*root.unix_time("g")) == "2014-12-03T00:22:41.250000Z");
  CHECK_FALSE(document.error());
  CHECK_FALSE(root.time("a"));
  CHECK(document.error()->message == "a: expected text, found a number");
}

TEST_CASE("JsonObject refuses what is no time", "[pipeline][json]") {
  {
    JsonDocument document(R"({"a":"yesterday"})");
    document.root({"a"}).time("a");
    CHECK(document.error()->message ==
          "a: time 'yesterday': expected the form 2026-03-01T12:00:00Z");
  }
  {
    JsonDocument document(R"({"a":1e300})");
    document.root({"a"}).unix_time("a");
    CHECK(document.error()->message == "a: is no time in seconds");
  }
  JsonDocument document(R"({"a":"1417566161"})");
  document.root({"a"}).unix_time("a");
  CHECK(document.error()->message == "a: expected a number, found text");
}

TEST_CASE("JsonObject refuses what is no tag and leaves out what is no digest",
          "[pipeline][json]") {
  JsonDocument document(R"({"a":"v1","b":"sha256:12","c":"-x"})");
  const JsonObject root = document.root({"a", "b", "c"});
  CHECK(root.tag("a")->str() == "v1");
  CHECK_FALSE(root.digest("b"));
  CHECK_FALSE(document.error());
  CHECK_FALSE(root.tag("c"));
  CHECK(document.error()->message.starts_with("c: tag '-x'"));
}

TEST_CASE("JsonDocuments of different threads do not disturb each other", "[pipeline][json]") {
  JsonDocument document(R"({"a":"mine"})");
  const JsonObject root = document.root({"a"});
  std::jthread([] {
    JsonDocument other(R"({"a":"theirs"})");
    other.root({"a"}).text("a");
  }).join();
  CHECK(root.text("a") == "mine");
}

TEST_CASE("JsonObject walks members whose names are not known beforehand", "[pipeline][json]") {
  JsonDocument document(
      R"({"a":{"x/2":"two","y/1":7,"x/1":"","z":"' out"},"b":[{"c":1},{"c":"ok"}],"c":null})");
  const JsonObject root = document.root({"a", "b", "c"});
  std::vector<std::string> seen;
  root.each_member("a", {"x/", "q/"}, [&](std::string_view name, const JsonElement& value) {
    seen.push_back(std::string(name) + "=" + std::string(value.text(10)));
  });
  CHECK(seen == std::vector<std::string>{"x/2=two", "x/1="});
  root.each_member("c", {""}, [](std::string_view, const JsonElement&) { FAIL("absent"); });
  CHECK_FALSE(document.error());
  root.each_member("b", {""}, [](std::string_view, const JsonElement&) { FAIL("a list"); });
  REQUIRE(document.error());
  CHECK(document.error()->message == "b: expected an object, found a list");
}

TEST_CASE("JsonDocument forgives the fault of one element", "[pipeline][json]") {
  JsonDocument document(R"({"a":[{"c":1},{"c":"ok"},{"c":"long text"}],"b":true})");
  const JsonObject root = document.root({"a", "b"});
  std::vector<std::string> seen;
  root.each("a", 3, [&](const JsonElement& element) {
    const std::string text(element.object({"c"}).text("c", 4).value_or("none"));
    const auto fault = document.forgive();
    seen.push_back(fault ? fault->message : text);
  });
  CHECK(seen == std::vector<std::string>{"a[0].c: expected text, found a number", "ok",
                                         "a[2].c: is longer than 4 bytes"});
  CHECK_FALSE(document.forgive());
  CHECK(root.flag("b") == true);
  CHECK_FALSE(document.error());
  CHECK_FALSE(root.flag("a"));
  CHECK(document.forgive()->message == "a: expected true or false, found a list");
  root.each("a", 2, [](const JsonElement&) {});
  CHECK(document.error()->message == "a: has more than 2 elements");
}
