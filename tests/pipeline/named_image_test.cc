// SPDX-License-Identifier: Apache-2.0
#include "pipeline/named_image.h"

#include <catch2/catch.hpp>

#include "tests/pipeline/decide_support.h"

using namespace longshore;
using longshore::test::image;

namespace {

const Workload kTwo{"prod",
                    "web",
                    {{"app", image("acme/app:1.4.1")}, {"proxy", image("envoy:1.30")}},
                    {{"longshore.dev/policy.app", "semver"}}};
const Workload kBare{
    "prod", "web", {{"app", image("acme/app:1.4.1")}, {"proxy", image("envoy:1.30")}}, {}};

std::string meant(const Workload& workload, const std::string& text,
                  const std::string& container = "") {
  const auto found = containers_meant(workload, *ImageName::parse(text), container, {});
  if (!found) return found.error().message;
  std::string names;
  for (const Container& one : *found)
    names += one.name + " ";
  return names;
}

}  // namespace

TEST_CASE("An image is named by tag, digest or whole reference", "[pipeline][people]") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  CHECK(ImageName::parse("1.4.2")->tag->str() == "1.4.2");
  CHECK_FALSE(ImageName::parse("1.4.2")->repository);
  CHECK(ImageName::parse(digest)->str() == digest);
  const auto whole = ImageName::parse("acme/app:1.4.2@" + digest);
  REQUIRE(whole);
  CHECK(whole->repository->str() == "docker.io/acme/app");
  CHECK(whole->str() == "1.4.2@" + digest);
  for (const char* wrong : {"acme/app", "", "-", "a b"}) {
    CAPTURE(wrong);
    const auto name = ImageName::parse(wrong);
    REQUIRE_FALSE(name);
    CHECK(name.error().code == Errc::invalid_input);
  }
}

TEST_CASE("The containers that an image is meant for", "[pipeline][people]") {
  CHECK(meant(kTwo, "acme/app:1.4.2") == "app ");
  CHECK(meant(kTwo, "envoy:1.31") == "proxy ");
  CHECK(meant(kTwo, "1.4.2") == "app ");  // the one with a policy
  CHECK(meant(kTwo, "1.31", "proxy") == "proxy ");
  CHECK(meant(kTwo, "1.31", "nginx").find("app runs acme/app:1.4.1, proxy runs envoy:1.30") !=
        std::string::npos);
  CHECK(meant(kTwo, "nginx:1").find("does not have docker.io/library/nginx") != std::string::npos);
  CHECK(meant(kBare, "1.4.2").find("more than one image") != std::string::npos);
}
