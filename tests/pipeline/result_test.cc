// SPDX-License-Identifier: Apache-2.0
#include "pipeline/result.h"

#include <memory>
#include <string>

#include <catch2/catch.hpp>

using longshore::Done;
using longshore::Errc;
using longshore::Error;
using longshore::Result;
using longshore::Status;

TEST_CASE("Result holds a value or an error", "[pipeline][result]") {
  const Result<std::string> value(std::string("here"));
  REQUIRE(value);
  CHECK(value.has_value());
  CHECK(*value == "here");
  CHECK(value->size() == 4);

  const Result<std::string> error(Error{Errc::busy, "full"});
  REQUIRE_FALSE(error);
  CHECK(error.error().code == Errc::busy);
  CHECK(error.error().message == "full");
}

TEST_CASE("Result gives its value and its error away", "[pipeline][result]") {
  Result<std::unique_ptr<int>> value(std::make_unique<int>(7));
  **value = 8;
  const std::unique_ptr<int> taken = *std::move(value);
  CHECK(*taken == 8);

  const auto fail = []() -> Result<int> { return Error{Errc::io, "disk"}; };
  const auto propagate = [&]() -> Result<std::string> {
    auto inner = fail();
    if (!inner) return std::move(inner).error();
    return std::to_string(*inner);
  };
  CHECK(propagate().error().message == "disk");
}

TEST_CASE("Status is done or says why not", "[pipeline][result]") {
  CHECK(Status(Done{}));
  CHECK_FALSE(Status(Error{Errc::conflict, "changed"}));
}

TEST_CASE("Result of an Error's own message type is not confused", "[pipeline][result]") {
  const Result<Result<int>> nested(Result<int>(Error{Errc::busy, "inner"}));
  REQUIRE(nested);
  CHECK_FALSE(*nested);
}
