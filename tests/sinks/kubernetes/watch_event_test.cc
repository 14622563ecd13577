// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/watch_event.h"

#include <catch2/catch.hpp>

using longshore::KubeKind;
using longshore::read_failure;
using longshore::read_list_page;
using longshore::read_watch_event;
using longshore::WatchEvent;

namespace {

std::string object(const std::string& name, int version, const std::string& image = "\"a/b:1\"") {
  return R"({"kind":"Deployment","metadata":{"name":")" + name +
         R"(","namespace":"shop","resourceVersion":")" + std::to_string(version) +
         R"("},"spec":{"template":{"spec":{"containers":[{"name":"app","image":)" + image +
         "}]}}}}";
}

std::string event(const std::string& type, const std::string& what) {
  return R"({"type":")" + type + R"(","object":)" + what + "}";
}

WatchEvent read(const std::string& line) {
  auto result = read_watch_event(KubeKind::deployment, line);
  INFO((result ? "" : result.error().message));
  REQUIRE(result);
  return *std::move(result);
}

std::string fault(const std::string& line) {
  const auto result = read_watch_event(KubeKind::deployment, line);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == longshore::Errc::invalid_input);
  return result.error().message;
}

// As an API server of 1.34 answers a watch from too old a version.
const std::string kExpired =
    R"x({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)x"
    R"x("message":"too old resource version: 5 (81234)","reason":"Expired","code":410})x";

}  // namespace

TEST_CASE("A watch tells of objects that came, changed and went", "[sinks][kubernetes]") {
  const WatchEvent added = read(event("ADDED", object("web", 7)));
  CHECK(added.type == WatchEvent::Type::added);
  CHECK(added.object.id() == "Deployment shop/web");
  CHECK(added.object.version == 7);
  CHECK(added.object.containers.at(0).image == "a/b:1");
  CHECK(read(event("MODIFIED", object("web", 8))).type == WatchEvent::Type::modified);
  CHECK(read(event("DELETED", object("web", 9))).type == WatchEvent::Type::deleted);
}

TEST_CASE("A bookmark has a version and nothing else", "[sinks][kubernetes]") {
  const auto mark = read(event("BOOKMARK", R"({"kind":"Deployment","apiVersion":"apps/v1",
    "metadata":{"resourceVersion":"99","creationTimestamp":null},
    "spec":{"selector":null,"template":{}},"status":{}})"));
  CHECK(mark.type == WatchEvent::Type::bookmark);
  CHECK(mark.object.version == 99);
  CHECK(fault(event("BOOKMARK", R"({"metadata":{"resourceVersion":"x"}})")) ==
        "object.metadata.resourceVersion: is no version");
}

TEST_CASE("An error in a watch has its code", "[sinks][kubernetes]") {
  const auto expired = read(event("ERROR", kExpired));
  CHECK(expired.type == WatchEvent::Type::error);
  CHECK(expired.failure.code == 410);
  CHECK(expired.failure.message == "too old resource version: 5 (81234)");
  CHECK_FALSE(expired.failure.is_ahead);
  CHECK(read(event("ERROR", R"({"code":500,"message":"etcd is away"})")).failure.code == 500);
}

TEST_CASE("An object in a watch that cannot be read spoils nothing", "[sinks][kubernetes]") {
  const auto broken = read(event("MODIFIED", object("web", 7, "5")));
  CHECK(broken.object.id() == "Deployment shop/web");
  CHECK(broken.object.version == 7);
  CHECK(broken.object.containers.empty());
  CHECK(broken.object.fault ==
        "object.spec.template.spec.containers[0].image: expected text, found a number");
}

TEST_CASE("A line that is no event is refused", "[sinks][kubernetes]") {
  CHECK(fault("{}") == "type: is missing");
  CHECK(fault(event("MOVED", object("web", 7))) ==
        "type: is none of ADDED, MODIFIED, DELETED, BOOKMARK and ERROR");
  CHECK(fault(event("ADDED", "{}")) == "object.metadata.name: is missing");
  CHECK(fault(event("ADDED", object("web", 7)).substr(0, 60)).starts_with("body: is not JSON"));
}

TEST_CASE("Without a kind only the metadata is read", "[sinks][kubernetes]") {
  const auto space = read_watch_event(
      std::nullopt, event("ADDED", R"({"metadata":{"name":"shop","resourceVersion":"4"},
                                       "spec":{"finalizers":["kubernetes"]}})"));
  REQUIRE(space);
  CHECK(space->object.name == "shop");
  CHECK(space->object.version == 4);
}

TEST_CASE("A page has objects, a version and what continues it", "[sinks][kubernetes]") {
  const auto page = read_list_page(
      KubeKind::deployment,
      R"({"kind":"DeploymentList","metadata":{"resourceVersion":"12","continue":"abc",
          "remainingItemCount":3},"items":[)" +
          object("web", 7) + "," + object("bad", 8, "null,\"image\":3") + "," + object("api", 9) +
          "]}");
  REQUIRE(page);
  CHECK(page->version == 12);
  CHECK(page->next == "abc");
  REQUIRE(page->objects.size() == 3);
  CHECK(page->objects[0]->fault.empty());
  CHECK_FALSE(page->objects[1]->fault.empty());
  CHECK(page->objects[2]->id() == "Deployment shop/api");
  CHECK(page->objects[2]->containers.size() == 1);
}

TEST_CASE("A list may be empty, and is nothing without a version", "[sinks][kubernetes]") {
  const auto empty =
      read_list_page(KubeKind::deployment, R"({"metadata":{"resourceVersion":"12"},"items":null})");
  REQUIRE(empty);
  CHECK(empty->objects.empty());
  CHECK(empty->next.empty());
  CHECK_FALSE(read_list_page(KubeKind::deployment, R"({"metadata":{},"items":[]})"));
  CHECK_FALSE(read_list_page(KubeKind::deployment, "<html>"));
}

TEST_CASE("A server that is behind us says so in several ways", "[sinks][kubernetes]") {
  const auto old = read_failure(500, R"({"kind":"Status","status":"Failure",
    "message":"Timeout: Too large resource version: 900, current: 70","reason":"Timeout",
    "details":{"retryAfterSeconds":1},"code":500})");
  CHECK(old.is_ahead);
  CHECK(old.code == 500);
  const auto cause = read_failure(504, R"({"kind":"Status","status":"Failure",
    "message":"Timeout","reason":"Timeout","details":{"causes":[
    {"reason":"ResourceVersionTooLarge","message":"Too large resource version"}]},"code":504})");
  CHECK(cause.is_ahead);
  CHECK_FALSE(read_failure(504, R"({"message":"Timeout"})").is_ahead);
  CHECK(read_failure(502, "<html>bad gateway</html>").code == 502);
}
