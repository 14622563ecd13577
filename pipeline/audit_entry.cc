// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_entry.h"

#include <array>
#include <utility>

#include "pipeline/json_text.h"

namespace longshore {
namespace {

// Keys are ours and plain: they need no escaping.
void append_member(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out += ",\"";
  out += key;
  out += "\":";
  append_json_string(out, value);
}

}  // namespace

std::string audit_line(const AuditEntry& entry, const Sha256& prev) {
  std::string out;
  out.reserve(256 + entry.reason.size() + entry.image.size() + entry.error.size());
  out += R"({"time":")";
  out += format_time(entry.time);
  out += '"';
  if (entry.id) {
    out += R"(,"id":")";
    out += entry.id->str();
    out += '"';
  }
  const std::array<std::pair<std::string_view, std::string_view>, 11> members = {{
      {"step", entry.step},
      {"source", entry.source},
      {"actor", entry.actor},
      {"image", entry.image},
      {"workload", entry.workload},
      {"from", entry.from},
      {"to", entry.to},
      {"decision", entry.decision},
      {"reason", entry.reason},
      {"outcome", entry.outcome},
      {"error", entry.error},
  }};
  for (const auto& [key, value] : members)
    append_member(out, key, value);
  if (entry.count > 0) {
    out += R"(,"count":)";
    out += std::to_string(entry.count);
  }
  out += R"(,"prev":")";
  out += to_hex(as_bytes(prev));
  out += "\"}";
  return out;
}

}  // namespace longshore
