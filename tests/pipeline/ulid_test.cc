// SPDX-License-Identifier: Apache-2.0
#include "pipeline/ulid.h"

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using longshore::Errc;
using longshore::Time;
using longshore::Ulid;

namespace {

Time at(std::int64_t milliseconds) {
  return Time{std::chrono::milliseconds{milliseconds}};
}

}  // namespace

TEST_CASE("Ulid writes its time in the first ten characters", "[pipeline][ulid]") {
  // The example of github.com/ulid/spec: 01ARZ3NDEK is 1469922850259 ms.
  CHECK(Ulid::make(at(1469922850259)).str().substr(0, 10) == "01ARZ3NDEK");
  CHECK(Ulid::make(at(0)).str().substr(0, 10) == "0000000000");
  CHECK(Ulid::make(at((1LL << 48) - 1)).str().substr(0, 10) == "7ZZZZZZZZZ");
}

TEST_CASE("Ulid is read back from its text and its bytes", "[pipeline][ulid]") {
  for (int i = 0; i < 1'000; ++i) {
    const Ulid id = Ulid::make(at(1'772'366'400'000 + i));
    CHECK(id.str().size() == 26);
    CHECK(*Ulid::parse(id.str()) == id);
    CHECK(Ulid::from_bytes(id.bytes()) == id);
  }
  const std::string ones = "7" + std::string(25, 'Z');
  CHECK(Ulid::parse(ones)->str() == ones);
  CHECK(Ulid::parse(ones)->bytes() == std::string(16, '\xff'));
}

TEST_CASE("Ulid reads lower case and writes upper case", "[pipeline][ulid]") {
  CHECK(Ulid::parse("01arz3ndektsv4rrffq69g5fav")->str() == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
}

TEST_CASE("Ulid refuses what is none", "[pipeline][ulid]") {
  const auto text = GENERATE("", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
                             "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAI",
                             "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ3NDEKTSV4RRFFQ69G5FA ",
                             "/1ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEK-SV4RRFFQ69G5FAV");
  CAPTURE(text);
  const auto id = Ulid::parse(text);
  REQUIRE_FALSE(id);
  CHECK(id.error().code == Errc::invalid_input);
}

TEST_CASE("Ulid sorts by time of creation, as value, text and bytes", "[pipeline][ulid]") {
  for (int i = 0; i < 1'000; ++i) {
    const Ulid earlier = Ulid::make(at(1'000 + i));
    const Ulid later = Ulid::make(at(1'001 + i));
    CHECK(earlier < later);
    CHECK(earlier.str() < later.str());
    CHECK(earlier.bytes() < later.bytes());
  }
}

TEST_CASE("Ulid is new each time, on every thread", "[pipeline][ulid]") {
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (std::vector<std::string>& mine : made) {
      threads.emplace_back([&mine] {
        for (int i = 0; i < 2'000; ++i)
          mine.push_back(Ulid::make(at(5)).str());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : made)
    all.insert(mine.begin(), mine.end());
  CHECK(all.size() == 8'000);
}
