// SPDX-License-Identifier: Apache-2.0
//
// Random questions to decide(). LONGSHORE_TEST_SEED repeats a run that failed.
#include <algorithm>
#include <cstdlib>
#include <random>

#include <catch2/catch.hpp>

#include "tests/pipeline/decide_properties.h"
#include "tests/pipeline/decide_support.h"

using longshore::Candidate;
using longshore::ForcePolicy;
using longshore::Hold;
using longshore::ImageRef;
using longshore::Pin;
using longshore::Policy;
using longshore::PolicySettings;
using longshore::test::Asked;
using longshore::test::broken_promise;
using longshore::test::kNow;

namespace {

constexpr unsigned long kDefaultSeed = 20260301;

unsigned long seed() {
  const char* given = std::getenv("LONGSHORE_TEST_SEED");
  return given == nullptr ? kDefaultSeed : std::strtoul(given, nullptr, 10);
}

// Few different numbers, so that versions meet, tie and repeat.
class Maker {
 public:
  explicit Maker(unsigned long start) : random_(start) {}

  unsigned below(unsigned end) {
    return std::uniform_int_distribution<unsigned>(0, end - 1)(random_);
  }
  bool once_in(unsigned times) { return below(times) == 0; }
  std::string number() { return std::to_string(below(once_in(5) ? 12 : 3)); }

  std::string version() {
    std::string text = number() + '.' + number();
    if (!once_in(4)) text += '.' + number();
    if (once_in(4)) text += "-rc." + number();
    return text;
  }

  std::string tag() {
    static const std::vector<std::string> others{"latest", "main", "3050", "1.02.3",
                                                 "sha256-" + std::string(64, 'a') + ".sig"};
    if (once_in(8)) return others[below(5)];
    if (once_in(6)) return "build-" + number();
    if (once_in(12)) return "2026." + number() + '.' + number();
    if (once_in(12)) return number();
    return (once_in(3) ? "v" : "") + version() + (once_in(10) ? "_b" + number() : "");
  }

  std::string partial() {
    std::string text = version();
    if (once_in(2)) text = text.substr(0, text.find('.', once_in(2) ? 0 : text.find('.') + 1));
    return once_in(8) ? number() + ".x" : text;
  }

  std::string comparator() {
    static const std::vector<std::string> signs{"", "=", ">", ">=", "<", "<=", "~", "^"};
    if (once_in(10)) return partial() + " - " + partial();
    return signs[below(8)] + partial();
  }

  std::string policy() {
    if (once_in(6)) return "digest";
    if (once_in(12)) return "never";
    if (once_in(2)) return other_policy();
    if (once_in(3)) return "semver";
    std::string text = "semver:" + comparator();
    while (once_in(3))
      text += (once_in(2) ? " || " : once_in(2) ? " " : ",") + comparator();
    return text;
  }

  std::string other_policy() {
    static const std::vector<std::string> all{"all",
                                              "major",
                                              "minor",
                                              "patch",
                                              "numeric",
                                              "numeric:build-(\\d+)",
                                              "alphabetical",
                                              "alphabetical:v?(.*)",
                                              "newest",
                                              "newest:build-.*",
                                              "newest:v?1\\..*",
                                              "glob:*",
                                              "glob:v*",
                                              "glob:1.*",
                                              "glob:build-*",
                                              "glob:build-* numeric",
                                              "glob:*-rc.* semver",
                                              "regexp:rc",
                                              "regexp:^v newest",
                                              "regexp:(?P<compare>[0-9]+)$",
                                              "calver:YYYY.MM.DD",
                                              "calver:YYYY.MM"};
    return all[below(static_cast<unsigned>(all.size()))];
  }

  std::string digest() { return "sha256:" + std::string(64, static_cast<char>('a' + below(4))); }

  std::string image() {
    std::string text = "ghcr.io/acme/app";
    if (!once_in(12)) text += ':' + tag();
    if (once_in(3)) text += '@' + digest();
    return text;
  }

  std::chrono::hours days(unsigned end) { return std::chrono::hours(24) * below(end); }

  Candidate candidate(longshore::Seq seq) {
    Candidate made{*longshore::Tag::parse(tag()), {}, seq, {}, {}};
    if (!once_in(4)) made.digest = *longshore::Digest::parse(digest());
    made.first_seen = kNow - days(7);
    made.listed = once_in(8);
    return made;
  }

  // The same tag with what it named before.
  Candidate earlier(const Candidate& present, longshore::Seq seq) {
    Candidate made = candidate(seq);
    made.tag = present.tag;
    made.listed = false;
    made.moved_on = true;
    return made;
  }

  Hold hold(const ImageRef& current) {
    Hold made{"prod", "web", "app", current.repository(), {}, {}, "its rollout failed"};
    if (once_in(2)) made.digest = *longshore::Digest::parse(digest());
    if (!made.digest || once_in(2)) made.tag = *longshore::Tag::parse(tag());
    made.and_below = made.tag && once_in(2);
    if (once_in(5)) made.repository = *longshore::Repository::parse("other");
    return made;
  }

 private:
  std::mt19937_64 random_;
};

// Empty where the range is refused (">x.1").
std::optional<Asked> make_question(Maker& maker) {
  auto policy = longshore::parse_policy(maker.policy());
  if (!policy) return std::nullopt;
  if (maker.once_in(12)) policy = Policy(ForcePolicy{});  // only Keel's keys say it
  PolicySettings settings{*std::move(policy), Pin{static_cast<int>(maker.below(3))},
                          maker.once_in(3)};
  if (maker.once_in(2)) settings.min_age = maker.days(5);
  Asked asked{std::move(settings), *ImageRef::parse(maker.image()), {}, {}, kNow};
  for (unsigned count = maker.below(12); asked.candidates.size() < count;) {
    // Each has two numbers, so that what its tag named before has a lower one.
    const longshore::Seq seq = 2 * asked.candidates.size() + 2;
    const Candidate made = maker.candidate(seq);
    const bool is_new = std::none_of(asked.candidates.begin(), asked.candidates.end(),
                                     [&](const Candidate& other) { return other.tag == made.tag; });
    if (is_new && maker.once_in(2)) asked.candidates.push_back(maker.earlier(made, seq - 1));
    asked.candidates.push_back(made);
  }
  while (maker.once_in(3))
    asked.holds.push_back(maker.hold(asked.current));
  return asked;
}

std::string describe(const Asked& asked) {
  std::string text = to_string(asked.settings.policy) + ", " + asked.current.str() + ':';
  for (const Candidate& candidate : asked.candidates) {
    text += ' ' + candidate.tag.str();
    if (candidate.digest) text += '@' + std::string(candidate.digest->brief());
    text += '=' + longshore::in_words(
                      std::chrono::floor<std::chrono::hours>(asked.now - candidate.first_seen));
    if (candidate.moved_on) text += " (moved on)";
    if (candidate.listed) text += " (listed)";
  }
  text += "; min-age " + longshore::in_words(asked.settings.min_age);
  for (const Hold& hold : asked.holds) {
    text += hold.and_below ? "; held and below" : "; held";
    if (hold.tag) text += ' ' + hold.tag->str();
    if (hold.digest) text += " @" + std::string(hold.digest->brief());
  }
  return text;
}

}  // namespace

TEST_CASE("decide keeps its promises whatever it is asked", "[pipeline][decision][random]") {
  INFO("repeat with LONGSHORE_TEST_SEED=" << seed());
  Maker maker(seed());
  int asked_times = 0;
  int updates = 0;
  int waits = 0;
  int moved_on = 0;
  int due_again = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto asked = make_question(maker);
    if (!asked) continue;
    ++asked_times;
    const auto broken = broken_promise(*asked);
    if (broken) FAIL(*broken << "\n" << describe(*asked));
    const auto decision =
        decide(asked->settings, asked->current, asked->candidates, asked->holds, asked->now);
    if (decision.verdict == longshore::Verdict::update) ++updates;
    if (decision.verdict == longshore::Verdict::wait) ++waits;
    if (decision.winner && decision.winner->moved_on) ++moved_on;
    if (decision.due && decision.to) ++due_again;
  }
  // The questions are worth asking: many are understood, and each kind of answer is among theirs.
  CHECK(asked_times > 15'000);
  CHECK(updates > 3'000);
  CHECK(waits > 150);
  CHECK(moved_on > 50);
  CHECK(due_again > 150);
}

TEST_CASE("Versions are in one total order", "[pipeline][version][random]") {
  INFO("repeat with LONGSHORE_TEST_SEED=" << seed());
  Maker maker(seed());
  for (int i = 0; i < 20'000; ++i) {
    const auto a = *longshore::Version::parse(maker.version());
    const auto b = *longshore::Version::parse(maker.version());
    const auto c = *longshore::Version::parse(maker.version());
    CAPTURE(a.str(), b.str(), c.str());
    if ((a < b) != (b > a) || (a == b) != (a.str() == b.str())) FAIL("two do not agree");
    if (a <= b && b <= c && !(a <= c)) FAIL("not transitive");
  }
}
