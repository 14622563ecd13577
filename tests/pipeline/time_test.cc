// SPDX-License-Identifier: Apache-2.0
#include "pipeline/time.h"

#include <string>

#include <catch2/catch.hpp>

using longshore::Errc;
using longshore::format_time;
using longshore::parse_time;
using longshore::Time;

namespace {

struct Reads {
  std::string_view text;
  std::string_view as;
};

}  // namespace

TEST_CASE("format_time writes RFC 3339 in UTC with six digits", "[pipeline][time]") {
  using std::chrono::microseconds;
  CHECK(format_time(Time{}) == "1970-01-01T00:00:00.000000Z");
  CHECK(format_time(Time{microseconds{1}}) == "1970-01-01T00:00:00.000001Z");
  CHECK(format_time(Time{microseconds{1'772'366'400'120'000}}) == "2026-03-01T12:00:00.120000Z");
  CHECK(format_time(Time{microseconds{951'782'399'999'999}}) == "2000-02-28T23:59:59.999999Z");
}

TEST_CASE("parse_time reads what registries send", "[pipeline][time]") {
  const auto item =
      GENERATE(Reads{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000000Z"},
               Reads{"2026-03-01t12:00:00z", "2026-03-01T12:00:00.000000Z"},
               Reads{"2026-03-01 12:00:00", "2026-03-01T12:00:00.000000Z"},
               Reads{"2026-03-01T12:00:00", "2026-03-01T12:00:00.000000Z"},
               Reads{"2026-03-01T12:00:00.1Z", "2026-03-01T12:00:00.100000Z"},
               Reads{"2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.123456Z"},
               Reads{"2026-03-01T12:00:00.000001+00:00", "2026-03-01T12:00:00.000001Z"},
               Reads{"2026-03-01T12:00:00+0000", "2026-03-01T12:00:00.000000Z"},
               Reads{"2026-03-01T12:00:00+02:30", "2026-03-01T09:30:00.000000Z"},
               Reads{"2026-02-28T23:30:00-0100", "2026-03-01T00:30:00.000000Z"},
               Reads{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"},
               Reads{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
               Reads{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
               Reads{"2261-12-31T23:59:59.999999Z", "2261-12-31T23:59:59.999999Z"});
  CAPTURE(item.text);
  const auto time = parse_time(item.text);
  REQUIRE(time);
  CHECK(format_time(*time) == item.as);
  CHECK(*parse_time(item.as) == *time);
}

TEST_CASE("parse_time refuses everything else", "[pipeline][time]") {
  const auto text = GENERATE(
      "", "now", "1772366400", "2026-03-01", "2026-03-01T12:00", "2026-3-1T12:00:00Z",
      "26-03-01T12:00:00Z", "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z", "2026-02-29T12:00:00Z",
      "2026-03-00T12:00:00Z", "2026-04-31T12:00:00Z", "2026-03-01T24:00:00Z",
      "2026-03-01T12:60:00Z", "2026-03-01T12:00:61Z", "2026-03-01T12:00:00.Z",
      "2026-03-01T12:00:00.1234567890Z", "2026-03-01T12:00:00,5Z", "2026-03-01T12:00:00X",
      "2026-03-01T12:00:00Z ", "2026-03-01T12:00:00+2", "2026-03-01T12:00:00+24:00",
      "2026-03-01T12:00:00+00:60", "2026-03-01T12:00:00 UTC", "1969-12-31T23:59:59Z",
      "2262-01-01T00:00:00Z", "-026-03-01T12:00:00Z", "2026-03-01T1a:00:00Z",
      "1970-01-01T00:00:00+00:01", "2261-12-31T23:59:59-00:01", "2261-12-31T23:59:60Z");
  CAPTURE(text);
  const auto time = parse_time(text);
  REQUIRE_FALSE(time);
  CHECK(time.error().code == Errc::invalid_input);
  CHECK_THAT(time.error().message, Catch::Contains("2026-03-01T12:00:00Z"));
}
