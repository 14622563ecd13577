// SPDX-License-Identifier: Apache-2.0
#include "pipeline/decision.h"

#include <catch2/catch.hpp>

#include "tests/pipeline/decide_support.h"

using Catch::Contains;
using longshore::Candidate;
using longshore::Decision;
using longshore::Hold;
using longshore::Repository;
using longshore::Time;
using longshore::Verdict;
using longshore::Verdicts;
using longshore::test::candidate;
using longshore::test::decide_text;
using longshore::test::digest;
using longshore::test::expand;
using longshore::test::explain_text;
using longshore::test::hold;
using longshore::test::image;
using longshore::test::kNow;
using longshore::test::settings;
using longshore::test::tag;
using longshore::test::words;

namespace {

struct Case {
  std::string_view policy;
  std::string_view current;
  std::string_view tags;
  std::string_view to;
  std::string_view reason;
};

void check(const Case& item) {
  CAPTURE(item.policy, item.current, item.tags);
  const Decision decision = decide_text(item.policy, item.current, item.tags);
  CAPTURE(decision.reason);
  CHECK((decision.to ? decision.to->str() : "") == expand(item.to));
  CHECK(decision.verdict == (item.to.empty() ? Verdict::skip : Verdict::update));
  for (const std::string& word : words(item.reason, '|')) {
    CHECK_THAT(decision.reason, Contains(word));
  }
}

// "1.4.3! is the highest of 2 versions", a "!" after the tag of the winner.
std::vector<std::string> lines(const Verdicts& verdicts) {
  std::vector<std::string> out;
  for (const Verdicts::Line& line : verdicts.candidates) {
    out.push_back(line.tag.str() + (line.wins ? "! " : " ") + line.why);
  }
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("digest follows the current tag", "[pipeline][decision]") {
  check(GENERATE(
      Case{"digest", "app:main@a", "main@b", "app:main@b",
           "main now names sha256:bbbbbbbbbbbb; sha256:aaaaaaaaaaaa runs now"},
      Case{"digest", "app:main", "main@b", "app:main@b",
           "main now names sha256:bbbb|no digest is written"},
      Case{"digest", "app:latest@a", "latest@b 1.4.3@c", "app:latest@b", ""},
      Case{"digest", "app", "latest@b", "app:latest@b", "latest now names"},
      Case{"digest;pin=digest", "app:main@a", "main@b", "app:main@b", ""},
      Case{"digest", "app:1.4.2@a", "1.4.2@b 1.4.3@c", "app:1.4.2@b", ""},
      Case{"digest", "nginx:mainline@a", "mainline@b", "nginx:mainline@b", ""},
      Case{"digest", "ghcr.io/acme/app:main@a", "edge@c main@b", "ghcr.io/acme/app:main@b", ""}));
}

TEST_CASE("digest skips what it cannot or need not follow", "[pipeline][decision]") {
  check(GENERATE(
      Case{"digest", "app:main@a", "main@a", "", "already runs sha256:aaaaaaaaaaaa|main"},
      Case{"digest", "app:main@a", "", "", "no push of main is known"},
      Case{"digest", "app:main@a", "edge@b latest@c", "", "no push of main is known"},
      Case{"digest", "app", "main@b", "", "no push of latest is known"},
      Case{"digest", "app:main@a", "main", "", "digest of main is not known"},
      Case{"digest", "app:main", "main", "", "digest of main is not known"},
      Case{"digest", "app@a", "latest@b", "", "pinned by digest without a tag|nothing to follow"},
      Case{"digest;pin=tag", "app:main", "main@b", "",
           "a tag that does not move cannot show a new digest|pin"},
      Case{"digest;pin=tag", "app:main@a", "main@b", "", "cannot show a new digest"},
      Case{"digest;pin=tag", "app@a", "main@b", "", "nothing to follow"},
      Case{"digest", "app:main@a", "main@b !@b", "",
           "main now names sha256:bbbb|held: its rollout failed"},
      Case{"digest", "app:main@a", "main@b !main", "", "held"},
      Case{"digest", "app:main@a", "main@c !@b", "app:main@c", ""}));
}

TEST_CASE("digest never follows the tag of a signature", "[pipeline][decision]") {
  const std::string companion = "sha256-" + std::string(64, '1');
  check(Case{"digest", "app:" + companion, companion + "@b", "", "no push"});
}

TEST_CASE("never leaves alone", "[pipeline][decision]") {
  check(GENERATE(Case{"never", "app:1.4.2", "1.4.3", "", "never"},
                 Case{"never", "app:main@a", "main@b", "", "never"},
                 Case{"never", "app@a", "", "", "never"}));
}

TEST_CASE("A decision names the candidate that won", "[pipeline][decision]") {
  const Decision decision = decide_text("semver", "app:1.4.2", "1.4.4@c 1.4.3@b");
  REQUIRE(decision.winner);
  CHECK(decision.winner->tag == tag("1.4.4"));
  CHECK(decision.winner->digest == digest('c'));
  CHECK(decision.winner->seq == 1);
}

TEST_CASE("A skip for lack of a digest names the candidate to ask for", "[pipeline][decision]") {
  for (const auto& [policy, current, tags] : {std::tuple("semver", "app:1.4.2@a", "1.4.3@b 1.4.4"),
                                              std::tuple("semver;pin=digest", "app:1.4.2", "1.4.4"),
                                              std::tuple("digest", "app:1.4.4@a", "1.4.4")}) {
    const Decision decision = decide_text(policy, current, tags);
    CHECK(decision.verdict == Verdict::skip);
    REQUIRE(decision.winner);
    CHECK(decision.winner->tag == tag("1.4.4"));
  }
  CHECK_FALSE(decide_text("semver", "app:1.4.2", "1.4.2").winner);
  CHECK_FALSE(decide_text("digest", "app:main@a", "main@a").winner);
}

TEST_CASE("A hold of another repository does not count", "[pipeline][decision]") {
  const auto current = image("app:1.4.2");
  const std::vector<Candidate> candidates{candidate("1.4.3@b", 1)};
  std::vector<Hold> holds{hold(current, "1.4.3")};
  CHECK(decide(settings("semver"), current, candidates, holds, Time{}).verdict == Verdict::skip);
  holds[0].repository = *Repository::parse("other");
  CHECK(decide(settings("semver"), current, candidates, holds, Time{}).verdict == Verdict::update);
}

TEST_CASE("A hold on a digest holds its tag while the digest is not known",
          "[pipeline][decision]") {
  const auto current = image("app:1.4.2");
  Hold both = hold(current, "@b");
  both.tag = tag("1.4.3");
  const auto verdict = [&](std::string_view known) {
    const std::vector<Candidate> candidates{candidate(known, 1)};
    return decide(settings("semver"), current, candidates, {&both, 1}, Time{}).verdict;
  };
  CHECK(verdict("1.4.3") == Verdict::skip);
  CHECK(verdict("1.4.3@b") == Verdict::skip);
  CHECK(verdict("1.4.3@c") == Verdict::update);  // pushed again since
  CHECK(verdict("1.4.4@b") == Verdict::skip);    // the same image by another name
  CHECK(verdict("1.4.4") == Verdict::update);
}

TEST_CASE("The newest push of a tag counts where it is given twice", "[pipeline][decision]") {
  const auto current = image("app:main@a");
  std::vector<Candidate> candidates{candidate("main@b", 7), candidate("main@c", 9)};
  for (int i = 0; i < 2; ++i) {
    const Decision decision = decide(settings("digest"), current, candidates, {}, Time{});
    REQUIRE(decision.to);
    CHECK(decision.to->digest() == digest('c'));
    std::swap(candidates[0], candidates[1]);
  }
}

TEST_CASE("explain has a line for each candidate, best first, then the refused by tag",
          "[pipeline][decision]") {
  const std::string signature = "sha256-" + std::string(64, '1') + ".sig";
  const Verdicts verdicts = explain_text(
      "semver:~1.4", "app:1.4.2",
      signature +
          " 1.4 latest 1.4.3 1.4.2 1.4.1 1.5.0 1.4.5 1.4.9-rc.1 v1.4.5 1.4.6 1.4.2_b2 !1.4.6");
  CHECK(verdicts.decision.to->str() == "app:1.4.5");
  CHECK(lines(verdicts) ==
        Lines{"1.4.5! is the highest of 7 tags in ~1.4",
              "v1.4.5 is the same version as 1.4.5, which is preferred for its form",
              "1.4.3 is below 1.4.5", "1.4 is below 1.4.2, which runs now",
              "1.4.1 is below 1.4.2, which runs now", "1.4.2 runs now",
              "1.4.2_b2 is the same version as 1.4.2, which runs now",
              "1.4.6 is held: its rollout failed",
              "1.4.9-rc.1 is a prerelease, and prereleases are not asked for",
              "1.5.0 is not in ~1.4", "latest is no version",
              signature + " holds signatures or referrers of another image"});
}

TEST_CASE("explain says why a skip is one", "[pipeline][decision]") {
  CHECK(lines(explain_text("semver", "app:1.4.2@a", "1.4.2@b 1.4.3")) ==
        Lines{"1.4.3 is the highest of 2 versions, but its digest is not known",
              "1.4.2 now names sha256:bbbbbbbbbbbb, but semver does not follow a moved tag"});
  CHECK(lines(explain_text("semver", "app:main", "2.0.0 1.0.0")) ==
        Lines{"1.0.0 cannot be compared with what runs now",
              "2.0.0 cannot be compared with what runs now"});
  CHECK(lines(explain_text("digest", "app:main@a", "edge@c main@b")) ==
        Lines{"main! main now names sha256:bbbbbbbbbbbb; sha256:aaaaaaaaaaaa runs now",
              "edge is another tag than main, which is followed"});
  CHECK(lines(explain_text("digest", "app:main@a", "main")) ==
        Lines{"main the digest of main is not known: nothing can be compared"});
  CHECK(lines(explain_text("never", "app:main@a", "main@b")) == Lines{"main the policy is never"});
}

TEST_CASE("explain says which are too young, before the refused", "[pipeline][decision]") {
  CHECK(lines(explain_text("semver:~1.4;min-age=3d", "app:1.4.2",
                           "1.4.2 1.4.4=2h 1.4.3=5d 1.4.5=1d6h30m 1.5.0=1h list:1.4.1")) ==
        Lines{"1.4.3! is the highest of 3 tags in ~1.4", "1.4.5 is 1 d 6 h old, and min-age is 3 d",
              "1.4.4 is 2 h old, and min-age is 3 d", "1.4.1 is below 1.4.2, which runs now",
              "1.4.2 runs now", "1.5.0 is not in ~1.4"});
  CHECK(lines(explain_text("digest;min-age=3d", "app:main@a",
                           "was:main@b=9d was:main@c=4d main@d=2h")) ==
        Lines{"main! sha256:cccccccccccc is the last digest of main that is old enough; main now "
              "names sha256:dddddddddddd, which is 2 h old, and min-age is 3 d; "
              "sha256:aaaaaaaaaaaa runs now",
              "main is 2 h old, and min-age is 3 d", "main is an older push of this tag"});
}

TEST_CASE("explain says what became of a tag that has moved on", "[pipeline][decision]") {
  CHECK(lines(explain_text("semver;min-age=3d", "app:1.4.3@a", "was:1.4.3@a=5d 1.4.3@b=2h")) ==
        Lines{"1.4.3 now names sha256:bbbbbbbbbbbb, but semver does not follow a moved tag",
              "1.4.3 runs now"});
  CHECK(lines(explain_text("semver;pin=tag", "app:1.4.2", "was:1.4.3@a 1.4.3@b !@b")) ==
        Lines{"1.4.3 is held: its rollout failed",
              "1.4.3 names another digest by now and could only be written with the one that it "
              "had, but pin is tag"});
  CHECK(lines(explain_text("semver", "app:1.4.2", "was:1.4.3 1.4.3@b !@b")) ==
        Lines{"1.4.3 is held: its rollout failed",
              "1.4.3 names another digest by now, and the one that it had is not known"});
}

TEST_CASE("explain says that a list of tags does not tell of age", "[pipeline][decision]") {
  CHECK(lines(explain_text("newest:main-.*", "app:main-1", "main-1 list:main-2 list:dev")) ==
        Lines{"dev does not match 'main-.*'", "main-1 runs now",
              "main-2 was found in a list of tags, which does not say when it was pushed"});
}

TEST_CASE("A wait names the best of the young, and when the first of them is old enough",
          "[pipeline][decision]") {
  const Decision decision = decide_text("semver;min-age=3d", "app:1.4.2", "1.4.3=1d 1.4.4=2h");
  CHECK(decision.verdict == Verdict::wait);
  REQUIRE(decision.winner);
  CHECK(decision.winner->tag == tag("1.4.4"));
  CHECK_FALSE(decision.to);
  CHECK(decision.due == kNow + std::chrono::hours(48));
}

TEST_CASE("A tag that is seen in the future is too young", "[pipeline][decision]") {
  const auto current = image("app:1.4.2");
  Candidate ahead = candidate("1.4.3", 1);
  ahead.first_seen = kNow + std::chrono::hours(1);
  const Decision decision = decide(settings("semver;min-age=1h"), current, {&ahead, 1}, {}, kNow);
  CHECK(decision.reason == "1.4.3 is 0 s old, and min-age is 1 h; 1.4.2 runs now");
  CHECK(decision.due == kNow + std::chrono::hours(2));
}

TEST_CASE("A listed tag does not hide the times of the others", "[pipeline][decision]") {
  const auto current = image("app:abc");
  std::vector<Candidate> candidates{candidate("abc", 1), candidate("late", 2), candidate("def", 3),
                                    candidate("list:ghi", 4)};
  for (std::size_t i = 0; i < 3; ++i)
    candidates[i].occurred_at = kNow;
  candidates[1].occurred_at = kNow + std::chrono::hours(1);
  const Decision decision = decide(settings("newest"), current, candidates, {}, kNow);
  REQUIRE(decision.winner);
  CHECK(decision.winner->tag == tag("late"));
}

TEST_CASE("explain and decide are of one mind", "[pipeline][decision]") {
  for (const std::string_view policy : {"semver", "semver:~1.4", "digest", "never"}) {
    const std::string_view tags = "1.4.1 1.4.3@b 2.0.0@c latest@d !@c";
    const Decision decision = decide_text(policy, "app:1.4.2@a", tags);
    const Verdicts verdicts = explain_text(policy, "app:1.4.2@a", tags);
    CHECK(decision.reason == verdicts.decision.reason);
    CHECK(decision.verdict == verdicts.decision.verdict);
    CHECK(decision.to == verdicts.decision.to);
    CHECK(verdicts.candidates.size() == 4);
  }
}

TEST_CASE("Every verdict has a name", "[pipeline][decision]") {
  CHECK(name_of(Verdict::update) == "update");
  CHECK(name_of(Verdict::skip) == "skip");
  CHECK(name_of(Verdict::wait) == "wait");
  CHECK(name_of(Verdict::conflict) == "conflict");
}
