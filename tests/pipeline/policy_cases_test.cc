// SPDX-License-Identifier: Apache-2.0
//
// policy_cases.txt, line by line.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "pipeline/text.h"
#include "tests/pipeline/decide_support.h"

using longshore::Decision;
using longshore::ImageRef;
using longshore::trim;
using longshore::Verdict;
using longshore::test::decide_text;
using longshore::test::expand;

namespace {

const std::string kFile = LONGSHORE_SOURCE_DIR "/tests/pipeline/policy_cases.txt";

// The fields between " | "; a regular expression may hold a "|" without spaces.
std::vector<std::string> fields_of(std::string_view line) {
  constexpr std::string_view kBetween = " | ";
  std::vector<std::string> fields;
  for (;;) {
    const std::size_t end = line.find(kBetween);
    fields.emplace_back(trim(line.substr(0, end)));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + kBetween.size() - 1);  // two may share a space: "| |"
  }
}

// Decides the case, checks everything but the reason, and returns the line as it has to read.
std::string decided(const std::string& line) {
  std::vector<std::string> fields = fields_of(line);
  REQUIRE(fields.size() >= 4);
  fields.resize(5);
  const Decision decision = decide_text(fields[0], fields[1], fields[2]);
  const std::string to = fields[3] == "-" ? "" : expand(fields[3]);
  INFO(decision.reason);
  CHECK((decision.to ? decision.to->str() : "") == to);
  CHECK(decision.verdict == (to.empty() ? Verdict::skip : Verdict::update));
  const std::string tags = fields[2].empty() ? "| | " : "| " + fields[2] + " | ";
  return fields[0] + " | " + fields[1] + " " + tags + fields[3] + " | " + decision.reason;
}

}  // namespace

TEST_CASE("every policy decides as the table says, and says why", "[pipeline][decision]") {
  std::ifstream in(kFile);
  REQUIRE(in);
  std::ostringstream rewritten;
  int cases = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') {
      rewritten << line << '\n';
      continue;
    }
    ++cases;
    CAPTURE(line);
    const std::string expected = decided(line);
    rewritten << expected << '\n';
    if (std::getenv("LONGSHORE_UPDATE_CASES") == nullptr) CHECK(line == expected);
  }
  CHECK(cases > 150);
  if (std::getenv("LONGSHORE_UPDATE_CASES") != nullptr) std::ofstream(kFile) << rewritten.str();
}
