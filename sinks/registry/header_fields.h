// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/time.h"
#include "sinks/http/message.h"

namespace longshore {

// The header fields of a registry's answers that need parsing. All functions are pure; what is
// malformed is left out, since an answer is a hint until it is acted upon.

// One way to authenticate that a 401 offers (RFC 9110, section 11.6.1).
struct Challenge {
  std::string scheme;                         // lower case: "bearer", "basic"
  std::map<std::string, std::string> params;  // names in lower case; empty for token68 forms

  // "" where it is absent.
  std::string_view param(const std::string& name) const;
};

// Every challenge of every WWW-Authenticate field, in their order. A parameter that is there twice
// counts once, the first; at most 16 challenges of 16 parameters.
std::vector<Challenge> parse_challenges(const HttpFields& fields);

// The target of the first link with rel="next" (RFC 8288; OCI distribution specification, "Listing
// tags"), not resolved yet.
std::optional<std::string> next_link(const HttpFields& fields);

// How long Retry-After asks to wait (RFC 9110, section 10.2.3): seconds, or a date in any of the
// three forms of section 5.6.7, counted from `now`. At least a second and at most an hour.
std::optional<std::chrono::seconds> retry_after(const HttpFields& fields, Time now);

}  // namespace longshore
