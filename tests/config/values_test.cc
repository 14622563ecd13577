// SPDX-License-Identifier: Apache-2.0
#include "config/values.h"

#include <catch2/catch.hpp>

#include "pipeline/crypto.h"
#include "pipeline/text.h"

using longshore::parse_duration;
using longshore::parse_listen;
using longshore::parse_size;
using std::chrono::milliseconds;

TEST_CASE("A duration is one whole number and one unit", "[config][values]") {
  CHECK(*parse_duration("500ms") == milliseconds(500));
  CHECK(*parse_duration("30s") == std::chrono::seconds(30));
  CHECK(*parse_duration("5m") == std::chrono::minutes(5));
  CHECK(*parse_duration("1h") == std::chrono::hours(1));
  CHECK(*parse_duration("30d") == std::chrono::hours(720));
  CHECK(*parse_duration("0s") == milliseconds(0));
  CHECK(*parse_duration("36500d") == std::chrono::hours(36500 * 24));
}

TEST_CASE("What is no duration is refused with the units", "[config][values]") {
  const auto text = GENERATE("", "s", "5 s", "1h30m", "1.5h", "-1s", "+1s", "5S", "5sec", "5w",
                             "36501d", "99999999999999999999s", "0x5s");
  CAPTURE(text);
  const auto value = parse_duration(text);
  REQUIRE_FALSE(value);
  CHECK_THAT(value.error().message, Catch::Contains("such as 30s"));
}

TEST_CASE("A number without a unit is no duration", "[config][values]") {
  const auto value = parse_duration("30");
  REQUIRE_FALSE(value);
  CHECK_THAT(value.error().message, Catch::Contains("write for example 30s"));
}

TEST_CASE("A size is a number of bytes, or of units of 1024", "[config][values]") {
  CHECK(*parse_size("0") == 0);
  CHECK(*parse_size("1048576") == 1U << 20);
  CHECK(*parse_size("256KiB") == 256U << 10);
  CHECK(*parse_size("100MiB") == 100U << 20);
  CHECK(*parse_size("2GiB") == 2ULL << 30);
  CHECK(*parse_size("1TiB") == 1ULL << 40);
}

TEST_CASE("What is no size is refused with the units", "[config][values]") {
  const auto text = GENERATE("", "MiB", "1MB", "1M", "1k", "1 MiB", "1.5MiB", "-1", "1mib",
                             "99999999999TiB", "18446744073709551616");
  CAPTURE(text);
  const auto value = parse_size(text);
  REQUIRE_FALSE(value);
  CHECK_THAT(value.error().message, Catch::Contains("such as 256KiB"));
}

TEST_CASE("Durations and sizes are shown in their largest whole unit", "[config][values]") {
  CHECK(longshore::format_duration(milliseconds(1500)) == "1500ms");
  CHECK(longshore::format_duration(std::chrono::hours(96)) == "4d");
  CHECK(longshore::format_duration(milliseconds(0)) == "0s");
  CHECK(longshore::format_size(1U << 20) == "1MiB");
  CHECK(longshore::format_size(1000) == "1000");
  CHECK(longshore::format_size(0) == "0");
}

TEST_CASE("An address to listen on is a host and a port", "[config][values]") {
  struct Case {
    std::string_view text;
    std::string_view host;
    int port;
  };
  const auto item = GENERATE(Case{"0.0.0.0:8080", "0.0.0.0", 8080}, Case{"[::1]:8080", "::1", 8080},
                             Case{"[::]:80", "::", 80}, Case{"localhost:0", "localhost", 0},
                             Case{"longshore.example.com:65535", "longshore.example.com", 65535});
  CAPTURE(item.text);
  const auto address = parse_listen(item.text);
  REQUIRE(address);
  CHECK(address->host == item.host);
  CHECK(address->port == item.port);
}

TEST_CASE("What is no address to listen on is refused", "[config][values]") {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  const auto item =
      GENERATE(Case{"localhost", "has no port"}, Case{"[::1]", "has no port"},
               Case{":8080", "has no host"}, Case{"localhost:65536", "from 0 to 65535"},
               Case{"localhost:", "from 0 to 65535"}, Case{"localhost:http", "from 0 to 65535"},
               Case{"::1:8080", "without brackets"}, Case{"[::1:8080", "without brackets"},
               Case{"[nonsense]:80", "no IPv6 address"}, Case{"[]:80", "no IPv6 address"},
               Case{"1.2.3:80", "no valid host"}, Case{"256.0.0.1:80", "no valid host"},
               Case{"http//x:80", "no valid host"}, Case{"a b:80", "no valid host"});
  CAPTURE(item.text);
  const auto address = parse_listen(item.text);
  REQUIRE_FALSE(address);
  CHECK_THAT(address.error().message, Catch::Contains(std::string(item.message)));
}

TEST_CASE("Numbers and truth values are told from text as YAML tells them", "[config][values]") {
  for (const char* const text : {"0", "12", "-5", "+5", "1.5", ".5", "1.", "1e3", "1.5E-3", "0x1F",
                                 "0o17", ".inf", "-.INF", ".nan", "0123"}) {
    CAPTURE(text);
    CHECK(longshore::is_number_scalar(text));
  }
  for (const char* const text : {"", "a", "1a", "1.2.3", "1e", "1e+", ".", "-", "0x", "0xg",
                                 "1_000", "nan", "inf", "12h", "${env:X}", "e5", "-."}) {
    CAPTURE(text);
    CHECK_FALSE(longshore::is_number_scalar(text));
  }
  CHECK(longshore::is_boolean_scalar("true"));
  CHECK(longshore::is_boolean_scalar("FALSE"));
  CHECK_FALSE(longshore::is_boolean_scalar("off"));
  CHECK_FALSE(longshore::is_boolean_scalar("yes"));
}

TEST_CASE("A pattern that can match no repository is refused", "[config][values]") {
  struct Case {
    std::string_view pattern;
    std::string_view message;
  };
  const auto item =
      GENERATE(Case{"", "empty"}, Case{"nginx", "docker.io/library/nginx"},
               Case{"https://ghcr.io/acme/*", "leave out what is before"},
               Case{"ghcr.io/Acme/*", "lower case"}, Case{"ghcr.io/acme/ *", "white space"},
               Case{"ghcr.io/acme/app:1.*", "leave out the tag"},
               Case{"ghcr.io/acme/app@sha256:*", "leave out the tag"},
               Case{"index.docker.io/acme/*", "docker.io/"});
  CAPTURE(item.pattern);
  const auto status = longshore::check_image_pattern(item.pattern);
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().message, Catch::Contains(std::string(item.message)));
}

TEST_CASE("A pattern of repositories may be as wide as one likes", "[config][values]") {
  for (const char* const pattern : {"*", "*/acme/*", "docker.io/acme/*", "registry:5000/app",
                                    "[::1]:5000/app", "ghcr.io/*/app-?", "nginx*", "acme/*"}) {
    CAPTURE(pattern);
    CHECK(longshore::check_image_pattern(pattern));
  }
  CHECK(longshore::host_of_pattern("acme/*") == "acme");
  CHECK_FALSE(longshore::host_of_pattern("*/acme"));
  CHECK(longshore::looks_like_host("ghcr.io"));
  CHECK(longshore::looks_like_host("registry:5000"));
  CHECK(longshore::looks_like_host("localhost"));
  CHECK_FALSE(longshore::looks_like_host("acme"));
}

TEST_CASE("A secret of Standard Webhooks has 24 to 64 bytes", "[config][values]") {
  const auto secret = [](std::size_t bytes) {
    return "whsec_" + longshore::to_base64(std::string(bytes, 'k'));
  };
  CHECK(longshore::check_webhook_secret(secret(24)));
  CHECK(longshore::check_webhook_secret(secret(64)));
  CHECK_FALSE(longshore::check_webhook_secret("whsec_"));
  CHECK_FALSE(longshore::check_webhook_secret(""));
  for (const std::string& text : {secret(23), secret(65), std::string("whsec_no base64 at all"),
                                  longshore::to_base64(std::string(32, 'k'))}) {
    const auto status = longshore::check_webhook_secret(text);
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().message, !Catch::Contains(text));
  }
}

TEST_CASE("The nearest word is one that could have been meant", "[config][values]") {
  constexpr std::string_view kWords[] = {"policies", "sources", "store", "keep", "keep_events"};
  CHECK(longshore::nearest_word("polices", kWords) == "policies");
  CHECK(longshore::nearest_word("soruces", kWords) == "sources");
  CHECK(longshore::nearest_word("Store", kWords) == "store");
  CHECK(longshore::nearest_word("keep-events", kWords) == "keep_events");
  CHECK_FALSE(longshore::nearest_word("kubernetes", kWords));
  CHECK_FALSE(longshore::nearest_word("", kWords));
  CHECK_FALSE(longshore::nearest_word(std::string(100'000, 'x'), kWords));
}

TEST_CASE("A quoted text is short, whole and harmless", "[config][values]") {
  CHECK(longshore::in_quotes("abc") == "'abc'");
  CHECK(longshore::in_quotes("a\nb\x7f") == "'a?b?'");
  CHECK(longshore::in_quotes(std::string(64, 'x')) == "'" + std::string(64, 'x') + "'");
  CHECK(longshore::in_quotes(std::string(65, 'x')) == "'" + std::string(64, 'x') + "…'");
  // Never half a character.
  CHECK(longshore::in_quotes(std::string(63, 'x') + "ü") == "'" + std::string(63, 'x') + "…'");
}
