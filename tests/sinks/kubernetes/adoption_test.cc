// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/adoption.h"

#include <catch2/catch.hpp>

using longshore::adoption;
using longshore::AdoptionTerms;
using longshore::AdoptionVerdict;
using longshore::has_policy;
using longshore::KubeManager;
using longshore::settled;

namespace {

const KubeManager kFlux{KubeManager::Kind::other, "Flux Kustomization flux-system/apps"};
const KubeManager kHelm{KubeManager::Kind::helm, "Helm release shop/web"};

AdoptionVerdict verdict(const KubeManager& manager, bool adopt, bool policy) {
  const auto result = adoption(manager, AdoptionTerms{adopt, policy});
  CHECK(result.reason.empty() == (result.verdict == AdoptionVerdict::act));
  return result.verdict;
}

}  // namespace

TEST_CASE("What nobody else manages is ours to change", "[sinks][kubernetes]") {
  for (const bool adopt : {false, true})
    for (const bool policy : {false, true})
      CHECK(verdict({}, adopt, policy) == AdoptionVerdict::act);
}

TEST_CASE("What Flux or Argo CD manage is left alone unless adopted", "[sinks][kubernetes]") {
  CHECK(verdict(kFlux, false, false) == AdoptionVerdict::leave_alone);
  CHECK(verdict(kFlux, false, true) == AdoptionVerdict::leave_alone);
  CHECK(verdict(kFlux, true, false) == AdoptionVerdict::act_with_warning);
  CHECK(verdict(kFlux, true, true) == AdoptionVerdict::act_with_warning);
  CHECK(adoption(kFlux, {}).reason ==
        "it is managed by Flux Kustomization flux-system/apps, which may put the image back: "
        "change it where that takes it from, or set adopt: true for this target");
}

TEST_CASE("An instance is what Argo CD has an Application for", "[sinks][kubernetes]") {
  const auto of = [](const char* label) {
    return settled({KubeManager::Kind::instance, label},
                   [](const std::string& name) { return name == "shop"; });
  };
  CHECK(of("shop") == KubeManager{KubeManager::Kind::other, "Argo CD application shop"});
  CHECK(of("team-a_shop") == of("shop"));
  CHECK(of("web") == KubeManager{});
  CHECK(of("shop_web") == KubeManager{});
  CHECK(settled(kHelm, [](const std::string&) { return true; }) == kHelm);
}

TEST_CASE("A policy on what plain Helm manages is consent", "[sinks][kubernetes]") {
  CHECK(verdict(kHelm, false, false) == AdoptionVerdict::leave_alone);
  CHECK(verdict(kHelm, false, true) == AdoptionVerdict::act_with_warning);
  CHECK(verdict(kHelm, true, false) == AdoptionVerdict::act_with_warning);
  CHECK(adoption(kHelm, AdoptionTerms{false, true}).reason ==
        "it belongs to Helm release shop/web: the next helm upgrade sets the image that its values "
        "name");
}

TEST_CASE("A policy on the object is ours or Keel's", "[sinks][kubernetes]") {
  CHECK(has_policy({{"longshore.dev/policy", "semver"}}));
  CHECK(has_policy({{"longshore.dev/policy.app", "semver"}}));
  CHECK(has_policy({{"keel.sh/policy", "minor"}}));
  CHECK(has_policy({{"keel.observer/policy", "minor"}}));
  CHECK_FALSE(has_policy({}));
  CHECK_FALSE(has_policy({{"longshore.dev/pin", "tag"}, {"keel.sh/matchTag", "true"}}));
}
