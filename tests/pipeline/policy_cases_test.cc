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
using longshore::test::kNow;

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

// "wait, due 70h" and "app:1.4.3, due 70h", as decided; without the due where there is none.
std::string outcome_of(const Decision& decision) {
  std::string text = "-";
  if (decision.verdict == Verdict::wait) text = "wait";
  if (decision.to) text = decision.to->str();
  if (!decision.due) return text;
  const auto in = std::chrono::duration_cast<std::chrono::hours>(*decision.due - kNow);
  return text + ", due " + std::to_string(in.count()) + "h";
}

// The same as it is written: "app:1.4.3@b, due 70h".
std::string expand_outcome(const std::string& field) {
  const std::size_t comma = field.find(',');
  return expand(field.substr(0, comma)) + (comma == std::string::npos ? "" : field.substr(comma));
}

// Decides the case, checks everything but the reason, and returns the line as it has to read.
std::string decided(const std::string& line) {
  std::vector<std::string> fields = fields_of(line);
  REQUIRE(fields.size() >= 4);
  fields.resize(5);
  const Decision decision = decide_text(fields[0], fields[1], fields[2]);
  INFO(decision.reason);
  CHECK(outcome_of(decision) == expand_outcome(fields[3]));
  const Verdict without_to = decision.verdict == Verdict::wait ? Verdict::wait : Verdict::skip;
  CHECK(decision.verdict == (decision.to ? Verdict::update : without_to));
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
  CHECK(cases >= 200);
  if (std::getenv("LONGSHORE_UPDATE_CASES") != nullptr) std::ofstream(kFile) << rewritten.str();
}
