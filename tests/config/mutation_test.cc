// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <catch2/catch.hpp>

#include "config/config.h"
#include "config/files.h"
#include "tests/support/temp_folder.h"

using longshore::ConfigErrors;
using longshore::ConfigProblem;
using longshore::load_config;
using longshore::test::TempFolder;

namespace {

constexpr int kRounds = 2'000;
constexpr std::string_view kBytes = "\n\n  \t:{}[],&*!|>'\"%@`-?#~$0aZ\\\x80\xff\x01";

// The file with a few bytes changed, put in, taken out or repeated.
std::string mutated(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  for (std::size_t changes = 1 + below(4); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = below(text.size());
    switch (below(5)) {
      case 0:
        text[at] = kBytes[below(kBytes.size())];
        break;
      case 1:
        text.insert(at, 1, kBytes[below(kBytes.size())]);
        break;
      case 2:
        text.erase(at, 1 + below(40));
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), 1 + below(200)));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("A load never throws, and says of every bad file what is wrong", "[config][mutation]") {
  const TempFolder folder;
  folder.folder("deploy");
  const auto example =
      longshore::read_regular_file(LONGSHORE_SOURCE_DIR "/config/example.yaml", 1U << 20);
  REQUIRE(example);
  std::mt19937 random(20260301);
  int bad = 0;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    const auto file = folder.write("c.yaml", mutated(*example, random));
    const auto result = load_config(file);
    const auto* const errors = std::get_if<ConfigErrors>(&result);
    if (errors == nullptr) continue;
    ++bad;
    REQUIRE_FALSE(errors->problems.empty());
    for (const ConfigProblem& problem : errors->problems) {
      REQUIRE_FALSE(problem.message.empty());
      REQUIRE(problem.line >= 0);
      REQUIRE(problem.column >= 0);
    }
  }
  CHECK(bad > kRounds / 2);  // without its environment variables most of them
}

TEST_CASE("Files that are made to hurt are refused quickly", "[config][mutation]") {
  const TempFolder folder;
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i)
      bomb += (i == 0 ? "*" : ", *") + before;
    bomb += "]\n";
  }
  std::string deep;
  for (int i = 0; i < 900; ++i)
    deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  const std::vector<std::string> texts = {bomb,
                                          "sources: &s [*s]\n",
                                          "sources: &s [{images: *s}]\n",
                                          "sources: " + std::string(100'000, '['),
                                          "sources: " + std::string(100'000, '{'),
                                          std::string(100'000, '-'),
                                          std::string(100'000, '\n'),
                                          "a: \"" + std::string(500'000, '\\'),
                                          deep};
  for (const std::string& text : texts) {
    CAPTURE(text.substr(0, 20));
    const auto result = load_config(folder.write("c.yaml", text));
    CHECK(std::holds_alternative<ConfigErrors>(result));
  }
}
