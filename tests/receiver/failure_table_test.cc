// SPDX-License-Identifier: Apache-2.0
#include "receiver/failure_table.h"

#include <catch2/catch.hpp>

using longshore::FailureTable;
using longshore::SteadyTime;

namespace {

SteadyTime at(int seconds) {
  return SteadyTime{std::chrono::seconds{seconds}};
}

}  // namespace

TEST_CASE("An address has failed too often above its limit in a minute",
          "[receiver][failure_table]") {
  FailureTable table(2, 10);
  CHECK_FALSE(table.failed_too_often("a", at(0)));
  CHECK_FALSE(table.failed_too_often("a", at(1)));
  CHECK(table.failed_too_often("a", at(2)));
  CHECK_FALSE(table.failed_too_often("b", at(2)));
  CHECK(table.failed_too_often("a", at(59)));
  CHECK_FALSE(table.failed_too_often("a", at(60)));
}

TEST_CASE("The table forgets the oldest address for a new one", "[receiver][failure_table]") {
  FailureTable table(1, 3);
  for (int i = 0; i < 1000; ++i)
    table.failed_too_often("host-" + std::to_string(i), at(0));
  CHECK(table.size() == 3);
  CHECK(table.failed_too_often("host-999", at(1)));
  CHECK_FALSE(table.failed_too_often("host-0", at(1)));
  CHECK(table.size() == 3);
}
