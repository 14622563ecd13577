// SPDX-License-Identifier: Apache-2.0
#include "pipeline/lookups.h"

#include <atomic>

#include <catch2/catch.hpp>

#include "tests/support/eventually.h"
#include "tests/support/fake_resolver.h"

namespace longshore {
namespace {

using test::eventually;
using test::FakeResolver;

Digest digest(char c) {
  return *Digest::parse("sha256:" + std::string(64, c));
}

// Lookups with a registry in memory; counts what it tells.
class Asking {
 public:
  LookupQuestion question(const std::string& image, Seq seq,
                          std::optional<Digest> announced = std::nullopt,
                          std::optional<Digest> before = std::nullopt) {
    const auto reference = ImageRef::parse(image);
    return {reference->repository(), *reference->tag(), seq, std::move(announced),
            std::move(before)};
  }
  // Asks until there is an answer, as a lane does that is called again.
  std::optional<LookupAnswer> wait_for(const LookupQuestion& question) {
    std::optional<LookupAnswer> answer;
    (void)eventually([&] {
      answer = lookups.ask(question).answer;
      return answer.has_value();
    });
    return answer;
  }

  FakeResolver registry;
  std::atomic<int> news{0};
  std::atomic<int> failures{0};
  Lookups lookups{
      &registry,
      {.on_news = [this](const Repository&) { ++news; },
       .on_failure = [this](const Repository&, const Tag&, const Error&) { ++failures; }}};
};

TEST_CASE("An answer comes later and is given out once", "[pipeline][lookups]") {
  Asking asking;
  asking.registry.answer("r.example.com/app:1.0", digest('a').str());
  const auto question = asking.question("r.example.com/app:1.0", 1, digest('a'));
  const auto first = asking.lookups.ask(question);
  CHECK_FALSE(first.answer);
  CHECK(first.pending == "r.example.com is asked which image 1.0 names");
  REQUIRE(eventually([&] { return asking.news == 1; }));
  const auto second = asking.lookups.ask(question);
  REQUIRE(second.answer);
  CHECK(second.answer->digest == digest('a'));
  CHECK(second.answer->note.empty());
  CHECK(asking.lookups.waiting() == 0);
  CHECK(asking.registry.asked("r.example.com/app:1.0") == 1);
}

TEST_CASE("An answer from before the push is asked for again", "[pipeline][lookups]") {
  Asking asking;
  SECTION("another digest than was announced") {
    asking.registry.answer("r.example.com/app:1.0", digest('a').str());
    asking.registry.answer("r.example.com/app:1.0", digest('b').str());
    const auto answer = asking.wait_for(asking.question("r.example.com/app:1.0", 1, digest('b')));
    REQUIRE(answer);
    CHECK(answer->digest == digest('b'));
    CHECK(answer->note.empty());
  }
  SECTION("no such tag yet") {
    asking.registry.answer("r.example.com/app:1.0", Error{Errc::not_found, "no"});
    asking.registry.answer("r.example.com/app:1.0", digest('b').str());
    const auto answer = asking.wait_for(asking.question("r.example.com/app:1.0", 1));
    REQUIRE(answer);
    CHECK(answer->digest == digest('b'));
  }
  SECTION("the digest of before, where none was announced") {
    asking.registry.answer("r.example.com/app:1.0", digest('a').str());
    asking.registry.answer("r.example.com/app:1.0", digest('b').str());
    const auto answer =
        asking.wait_for(asking.question("r.example.com/app:1.0", 1, std::nullopt, digest('a')));
    REQUIRE(answer);
    CHECK(answer->digest == digest('b'));
  }
  CHECK(asking.registry.asked("r.example.com/app:1.0") == 2);
  CHECK(asking.failures == 0);
}

TEST_CASE("In the end the registry's word counts, and what differs is told", "[.slow][lookups]") {
  Asking asking;
  asking.registry.answer("r.example.com/app:1.0", digest('a').str());
  const auto answer = asking.wait_for(asking.question("r.example.com/app:1.0", 1, digest('b')));
  REQUIRE(answer);
  CHECK(answer->digest == digest('a'));
  CHECK(answer->note ==
        "the registry says sha256:aaaaaaaaaaaa, the notification said sha256:bbbbbbbbbbbb");
  const auto gone = asking.wait_for(asking.question("r.example.com/app:2.0", 2));
  REQUIRE(gone);
  CHECK_FALSE(gone->digest);
  CHECK(gone->note == "the registry has no such tag");
  CHECK(asking.registry.asked("r.example.com/app:1.0") == 6);
}

TEST_CASE("An answer to an older question is never used", "[pipeline][lookups]") {
  Asking asking;
  asking.registry.hang("r.example.com");
  asking.registry.answer("r.example.com/app:1.0", digest('a').str());
  asking.registry.answer("r.example.com/app:1.0", digest('b').str());
  CHECK_FALSE(asking.lookups.ask(asking.question("r.example.com/app:1.0", 1)).answer);
  REQUIRE(eventually([&] { return asking.registry.asked("r.example.com/app:1.0") == 1; }));
  // A second push, while the first question is on its way.
  const auto newer = asking.question("r.example.com/app:1.0", 2);
  CHECK_FALSE(asking.lookups.ask(newer).answer);
  REQUIRE(eventually([&] { return asking.registry.asked("r.example.com/app:1.0") == 2; }));
  asking.registry.mend("r.example.com");
  REQUIRE(eventually([&] { return asking.news > 0; }));
  const auto answer = asking.wait_for(newer);
  REQUIRE(answer);
  CHECK(asking.news == 1);
}

TEST_CASE("A registry that hangs holds up its own repositories alone", "[pipeline][lookups]") {
  Asking asking;
  asking.registry.hang("hung.example.com");
  for (int i = 0; i < 20; ++i) {
    const std::string image = "hung.example.com/app" + std::to_string(i) + ":1.0";
    CHECK_FALSE(asking.lookups.ask(asking.question(image, 1)).answer);
  }
  for (int i = 0; i < 50; ++i) {
    const std::string image = "good.example.com/app" + std::to_string(i) + ":1.0";
    asking.registry.answer(image, digest('a').str());
    REQUIRE(asking.wait_for(asking.question(image, 1, digest('a'))));
  }
  CHECK(asking.registry.most_at_once() <= 2 * Lookups::kThreadsPerHost);
  CHECK(asking.lookups.waiting() == 20);
}

TEST_CASE("A registry that fails is asked again, and told of once", "[pipeline][lookups]") {
  Asking asking;
  asking.registry.fail("r.example.com", Error{Errc::unavailable, "r.example.com: refused"});
  asking.registry.answer("r.example.com/app:1.0", digest('a').str());
  const auto question = asking.question("r.example.com/app:1.0", 1, digest('a'));
  CHECK_FALSE(asking.lookups.ask(question).answer);
  REQUIRE(eventually([&] { return asking.failures == 1; }));
  CHECK(asking.lookups.ask(question).pending == "r.example.com: refused");
  REQUIRE(eventually([&] { return asking.registry.asked("r.example.com/app:1.0") >= 2; }));
  CHECK(asking.failures == 1);
  asking.registry.mend("r.example.com");
  asking.lookups.retry_all();
  CHECK(asking.wait_for(question));
}

TEST_CASE("A registry that refuses is asked again at once when logins may be others",
          "[pipeline][lookups]") {
  Asking asking;
  const std::string image = "r.example.com/app:1.0";
  asking.registry.answer(image, Error{Errc::unauthorized, "r.example.com wants a password"});
  asking.registry.answer(image, digest('a').str());
  const auto question = asking.question(image, 1, digest('a'));
  SECTION("after it refused") {
    CHECK_FALSE(asking.lookups.ask(question).answer);
    REQUIRE(eventually([&] { return asking.failures == 1; }));
    asking.lookups.retry_all();
  }
  SECTION("while it is asked with the former ones") {
    asking.registry.hang("r.example.com");
    CHECK_FALSE(asking.lookups.ask(question).answer);
    REQUIRE(eventually([&] { return asking.registry.asked(image) == 1; }));
    asking.lookups.retry_all();
    asking.registry.mend("r.example.com");
  }
  // Sooner than after a refusal, 30 s.
  CHECK(eventually([&] { return asking.lookups.ask(question).answer.has_value(); },
                   std::chrono::seconds{20}));
}

TEST_CASE("A question that nobody has any more is forgotten", "[pipeline][lookups]") {
  Asking asking;
  asking.registry.hang("r.example.com");
  const auto one = asking.question("r.example.com/app:1.0", 1);
  const auto other = asking.question("r.example.com/app:2.0", 2);
  CHECK_FALSE(asking.lookups.ask(one).answer);
  CHECK_FALSE(asking.lookups.ask(other).answer);
  asking.lookups.keep_only(one.repository, {one.tag});
  CHECK(asking.lookups.waiting() == 1);
  asking.lookups.keep_only(one.repository, {});
  CHECK(asking.lookups.waiting() == 0);
  asking.lookups.stop();  // though it hangs
  CHECK(asking.news == 0);
}

}  // namespace
}  // namespace longshore
