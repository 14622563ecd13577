// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "pipeline/policy.h"
#include "sinks/kubernetes/rare_text.h"

namespace longshore {

// Who else sets the images of an object, as the object itself tells.
struct KubeManager {
  enum class Kind : std::uint8_t {
    nobody,
    helm,      // plain Helm: sets the image again with the next upgrade
    instance,  // of Argo CD as `other`, if it has an Application of that name; else of nobody
    other,     // Flux, Argo CD, or somebody who applies the image: puts it back
  };
  Kind kind = Kind::nobody;
  RareText words{};  // "Argo CD application shop", "Helm release shop/web"; of an instance its name

  friend bool operator==(const KubeManager&, const KubeManager&) = default;
};

// What has been said about objects that somebody else manages.
struct AdoptionTerms {
  bool adopt = false;             // the target's option
  bool policy_on_object = false;  // has_policy() of its annotations; a config pattern is none
};

enum class AdoptionVerdict { act, act_with_warning, leave_alone };

struct Adoption {
  AdoptionVerdict verdict = AdoptionVerdict::act;
  std::string reason{};  // of a warning, or why it is left alone; empty: act

  friend bool operator==(const Adoption&, const Adoption&) = default;
};

// What that is for the terms, an instance being one of Argo CD if `has_application` knows its name.
// Argo CD writes NAMESPACE_NAME for an Application outside its own namespace.
KubeManager settled(const KubeManager& manager,
                    const std::function<bool(const std::string&)>& has_application);

// REQUIRES: the manager is settled.
// Whether we may change the image of something that is managed so. A policy on the object itself is
// consent to what plain Helm manages, never to what would be put back behind our back.
Adoption adoption(const KubeManager& manager, AdoptionTerms terms);

// Whether a policy stands on the object itself: ours for the whole or for a container, or Keel's.
bool has_policy(const Annotations& annotations);

}  // namespace longshore
