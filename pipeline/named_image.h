// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/target.h"

namespace longshore {

// An image as a person names it on a command line: a tag, a digest, or a whole reference with one
// of them or both.
struct ImageName {
  std::optional<Repository> repository;  // only of a whole reference
  std::optional<Tag> tag;
  std::optional<Digest> digest;

  // invalid_input where it is none of these.
  static Result<ImageName> parse(const std::string& text);
  // "1.4.2", "sha256:…" or both.
  std::string str() const;
};

// The containers of the workload that a person means by that name: the one that is given; else
// those of the name's repository; else those with a policy, or all where none has one.
//
//   not_found      the workload has no such container, or none of this repository
//   invalid_input  they run different images, and the name does not say which one is meant
Result<std::vector<Container>> containers_meant(const Workload& workload, const ImageName& name,
                                                const std::string& container,
                                                const std::vector<PolicyRule>& rules);

}  // namespace longshore
