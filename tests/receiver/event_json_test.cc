// SPDX-License-Identifier: Apache-2.0
#include "receiver/event_json.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using longshore::Event;
using longshore::event_json;
using longshore::EventIdIn;
using longshore::Time;

namespace {

Event least() {
  return Event{.id = *longshore::EventId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
               .source = "hub",
               .source_type = "dockerhub",
               .kind = longshore::EventKind::pushed,
               .repository = *longshore::Repository::parse("acme/app"),
               .tag = {},
               .digest = {},
               .media_type = {},
               .actor = {},
               .occurred_at = {},
               .received_at = Time{1767261600s},
               .key = {},
               .delivery_id = {},
               .not_actionable = {}};
}

}  // namespace

TEST_CASE("An event's line leaves out what is absent", "[receiver][event_json]") {
  CHECK(event_json(least(), EventIdIn::nowhere) ==
        R"({"kind":"pushed","host":"docker.io","repository":"acme/app","actionable":true})");
  CHECK(event_json(least(), EventIdIn::line).starts_with(R"({"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV",)"));
}

TEST_CASE("An event's line is JSON whatever the sender wrote", "[receiver][event_json]") {
  Event event = least();
  event.tag = *longshore::Tag::parse("1.4");
  event.digest = *longshore::Digest::parse("sha256:" + std::string(64, 'a'));
  event.media_type = "a\"b\\c";
  event.actor = "line\nbreak\x1b[31m \xFF";
  event.occurred_at = Time{1767261600s};
  event.delivery_id = "id";
  event.not_actionable = "because";
  const std::string line = event_json(event, EventIdIn::line);
  CHECK(line.find('\n') == std::string::npos);
  const nlohmann::json json = nlohmann::json::parse(line);
  CHECK(json.size() == 12);
  CHECK(json["tag"] == "1.4");
  CHECK(json["digest"] == event.digest->str());
  CHECK(json["media_type"] == "a\"b\\c");
  CHECK(json["actor"] == "line\nbreak\x1b[31m \xEF\xBF\xBD");
  CHECK(json["occurred_at"] == "2026-01-01T10:00:00.000000Z");
  CHECK(json["delivery_id"] == "id");
  CHECK(json["actionable"] == false);
  CHECK(json["reason"] == "because");
}

TEST_CASE("Decoding to lines takes every host as configured", "[receiver][event_json]") {
  const auto lines = longshore::decode_to_json(longshore::SourceType::native, {},
                                               R"({"image":"unheard.of:5000/a/b:1"})");
  REQUIRE(lines);
  REQUIRE(lines->lines.size() == 1);
  CHECK(nlohmann::json::parse(lines->lines[0])["actionable"] == true);
  CHECK(lines->ignored.empty());
  const auto ping =
      longshore::decode_to_json(longshore::SourceType::github, {}, R"({"zen":"Be."})");
  REQUIRE(ping);
  CHECK(ping->lines.empty());
  CHECK(ping->ignored == "ping");
}
