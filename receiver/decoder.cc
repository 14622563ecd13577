// SPDX-License-Identifier: Apache-2.0
#include "receiver/decoder.h"

#include "receiver/decoders.h"

namespace longshore {

Result<Decoded> decode(SourceType type, const Headers& headers, std::string_view body) {
  switch (type) {
    case SourceType::dockerhub:
      return decode_dockerhub(headers, body);
    case SourceType::harbor:
      return decode_harbor(headers, body);
    case SourceType::distribution:
      return decode_distribution(headers, body);
    case SourceType::github:
      return decode_github(headers, body);
    case SourceType::native:
      break;
  }
  return decode_native(headers, body);
}

void read_tag_and_digest(const JsonObject& object, Fact& fact) {
  fact.digest = object.digest("digest");
  const auto text = object.text("tag");
  if (!text) return;
  if (text->find(':') == std::string_view::npos) {
    fact.tag = object.tag("tag");
  } else if (auto digest = Digest::parse(*text); digest && !fact.digest) {
    fact.digest = *std::move(digest);
  }
}

}  // namespace longshore
