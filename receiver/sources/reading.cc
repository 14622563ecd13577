// SPDX-License-Identifier: Apache-2.0
#include "receiver/sources/reading.h"

namespace longshore {

void read_reference(std::string_view text, Fact& fact) {
  if (text.find(':') == std::string_view::npos) {
    if (auto tag = Tag::parse(text)) fact.tag = *std::move(tag);
  } else if (auto digest = Digest::parse(text); digest && !fact.digest) {
    fact.digest = *std::move(digest);
  }
}

void read_tag_and_digest(const JsonObject& object, Fact& fact) {
  fact.digest = object.digest("digest");
  const auto text = object.text("tag");
  if (!text) return;
  if (text->find(':') == std::string_view::npos) {
    fact.tag = object.tag("tag");
  } else {
    read_reference(*text, fact);
  }
}

bool is_form(const Headers& headers) {
  const auto type = find_header(headers, "Content-Type").value_or(std::string_view());
  return in_lower_case(type).starts_with("application/x-www-form-urlencoded");
}

}  // namespace longshore
