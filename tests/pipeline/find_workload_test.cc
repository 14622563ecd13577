// SPDX-License-Identifier: Apache-2.0
#include "pipeline/find_workload.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace longshore;

namespace {

const std::vector<WorkloadName> kKnown = {{"prod", "web.yaml Deployment shop/web"},
                                          {"prod", "web.yaml Deployment shop/web-admin"},
                                          {"edge", "web.yaml Deployment shop/web"},
                                          {"edge", "cart"},
                                          {"prod", "Cart"}};

std::string found(std::string_view text) {
  const auto name = find_workload(kKnown, text);
  return name ? name->str() : std::string("-");
}

}  // namespace

TEST_CASE("A workload is found by its name or a part that no other has", "[pipeline][people]") {
  CHECK(found("prod: web.yaml Deployment shop/web") == "prod: web.yaml Deployment shop/web");
  CHECK(found("edge: web") == "edge: web.yaml Deployment shop/web");
  CHECK(found("web-adm") == "prod: web.yaml Deployment shop/web-admin");
  CHECK(found("cart") == "edge: cart");
  CHECK(found("Cart") == "prod: Cart");
  CHECK(found("WEB-ADMIN") == "prod: web.yaml Deployment shop/web-admin");
}

TEST_CASE("A part that several have names them", "[pipeline][people]") {
  const auto name = find_workload(kKnown, "shop/web");
  REQUIRE_FALSE(name);
  CHECK(name.error().code == Errc::invalid_input);
  CHECK(name.error().message ==
        "'shop/web' fits 3 workloads, write more of the name: 'edge: web.yaml Deployment "
        "shop/web', 'prod: web.yaml Deployment shop/web', 'prod: web.yaml Deployment "
        "shop/web-admin'");
  std::vector<WorkloadName> many;
  for (int i = 0; i < 30; ++i)
    many.push_back({"prod", "web" + std::to_string(i)});
  const std::string message = find_workload(many, "web").error().message;
  CHECK(message.find("fits 30 workloads") != std::string::npos);
  CHECK(std::ranges::count(message, ',') == 11);
}

TEST_CASE("A name that nothing has names what looks like it", "[pipeline][people]") {
  const auto near = find_workload(kKnown, "shop/wbe-admin");
  REQUIRE_FALSE(near);
  CHECK(near.error().code == Errc::not_found);
  CHECK(near.error().message.find("did you mean 'prod: web.yaml Deployment shop/web-admin'") !=
        std::string::npos);
  CHECK(find_workload(kKnown, "zzz").error().message.find("longshore plan") != std::string::npos);
  CHECK(find_workload(kKnown, "").error().code == Errc::invalid_input);
}
