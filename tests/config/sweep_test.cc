// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/config.h"
#include "tests/support/temp_folder.h"

using namespace std::chrono_literals;
using longshore::Config;
using longshore::ConfigErrors;
using longshore::load_config;
using longshore::LoadedConfig;
using longshore::test::TempFolder;

namespace {

LoadedConfig load_good(const std::string& content) {
  const TempFolder folder;
  auto result = load_config(folder.write("c.yaml", content));
  if (const auto* errors = std::get_if<ConfigErrors>(&result)) FAIL(errors->str());
  return std::get<LoadedConfig>(std::move(result));
}

std::chrono::seconds sweep_of(const std::string& text) {
  return load_good("sweep: " + text + "\n").config.pipeline.sweep.every;
}

}  // namespace

TEST_CASE("Tags are listed every hour unless the file says otherwise", "[config][sweep]") {
  CHECK(load_good("mode: act\n").config.pipeline.sweep.every == 1h);
  CHECK(sweep_of("10s") == 10s);
  CHECK(sweep_of("2d") == 48h);
  CHECK(sweep_of("off") == 0s);
  CHECK(sweep_of("'off'") == 0s);
}

TEST_CASE("A sweep that is rough on registries is a warning", "[config][sweep]") {
  const LoadedConfig loaded = load_good("sweep: 9s\n");
  CHECK(loaded.config.pipeline.sweep.every == 9s);
  REQUIRE_FALSE(loaded.warnings.empty());
  CHECK(loaded.warnings.back().line == 1);
  CHECK_THAT(loaded.warnings.back().message, Catch::Contains("sweep: is shorter than 10s"));
  for (const auto& warning : load_good("sweep: 10s\n").warnings)
    CHECK_THAT(warning.message, !Catch::Contains("sweep"));
}

TEST_CASE("A policy may have a sweep and a minimum age of its own", "[config][sweep]") {
  const Config config = load_good(
                            "policies:\n"
                            "  - {image: a.io/a, policy: semver, min-age: 3d, sweep: 30m}\n"
                            "  - {image: a.io/b, policy: semver, min-age: 90s, sweep: off}\n"
                            "  - {image: a.io/c, policy: semver, min-age: 2h}\n"
                            "  - {image: a.io/d, policy: semver, min-age: 5m}\n"
                            "  - {image: a.io/e, policy: semver}\n")
                            .config;
  const auto& policies = config.pipeline.policies;
  REQUIRE(policies.size() == 5);
  CHECK(policies[0].settings.min_age == 72h);
  CHECK(policies[0].sweep == 30min);
  CHECK(policies[1].settings.min_age == 90s);
  CHECK(policies[1].sweep == 0s);
  CHECK(policies[2].settings.min_age == 2h);
  CHECK_FALSE(policies[2].sweep);
  CHECK(policies[3].settings.min_age == 5min);
  CHECK(policies[4].settings.min_age == 0s);
}

TEST_CASE("What sources speak of is announced, each pattern once", "[config][sweep]") {
  const Config config =
      load_good(
          "sources:\n"
          "  - {name: a, type: native, token: long-enough, images: [b.io/*, a.io/*]}\n"
          "  - {name: b, type: native, token: long-enough, images: b.io/*}\n"
          "  - {name: c, type: native, token: long-enough}\n")
          .config;
  CHECK(config.pipeline.sweep.announced == std::vector<std::string>{"a.io/*", "b.io/*"});
}

TEST_CASE("A source is verified unless it says otherwise", "[config][sweep]") {
  const Config config = load_good(
                            "sources:\n"
                            "  - {name: a, type: native, token: long-enough}\n"
                            "  - {name: b, type: native, token: long-enough, verify: required}\n"
                            "  - {name: c, type: native, token: long-enough, verify: off}\n")
                            .config;
  CHECK(config.receiver.sources[0].verify);
  CHECK(config.receiver.sources[1].verify);
  CHECK_FALSE(config.receiver.sources[2].verify);
}
