// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/image_ref.h"
#include "pipeline/time.h"

namespace longshore {

// Which lines of the audit are wanted.
struct AuditFilter {
  std::optional<Time> since;
  std::optional<std::string> event;  // an id, as in the lines
  std::optional<ImageRef> image;     // also one with that tag, or that digest, where it names one
};

bool matches(const AuditFilter& filter, std::string_view line);

// One step as people read it, without its newline. A line that is no JSON is shown as it is.
//
//   2026-03-01 12:00:00  decided   ghcr.io/acme/app:1.4.3  prod: web  update: 1.4.3 is …  [01J…]
std::string audit_text(std::string_view line);

}  // namespace longshore
