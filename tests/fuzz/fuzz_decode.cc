// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a notification of any type: the first byte chooses the type and whether headers that
// decoders look at are there; the rest is the body. Nothing may crash, and a notification is either
// an error, or has facts, or says why it has none; every fact can be admitted or refused, and what
// is admitted can be written down.
//
// Seeds: the bodies below tests/payloads, each with a byte before it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "receiver/admit.h"
#include "receiver/decoder.h"
#include "receiver/event_json.h"
#include "receiver/source_kind.h"

namespace {

using longshore::SourceType;

// More than there are types, so that a new one leaves the meaning of old inputs as it was.
constexpr unsigned kRoom = 32;

void require(bool holds) {
  if (!holds) std::abort();
}

longshore::Headers headers_for(unsigned choice) {
  longshore::Headers headers;
  if ((choice & 1U) != 0) headers.emplace_back("X-GitHub-Event", "package");
  if ((choice & 2U) != 0) headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  if ((choice & 4U) != 0) {
    headers.emplace_back("webhook-id", "msg_1");
    headers.emplace_back("webhook-signature", "v1,x");
  }
  return headers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto kinds = longshore::source_kinds();
  const SourceType type = kinds[data[0] % kRoom % kinds.size()]->type;
  const longshore::Headers headers = headers_for(data[0] / kRoom);
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);

  const auto decoded = longshore::decode(type, headers, body);
  if (!decoded) {
    require(!decoded.error().message.empty());
    return 0;
  }
  require(decoded->facts.empty() == !decoded->ignored.empty());
  longshore::SourceOptions source;
  source.type = type;
  for (std::size_t i = 0; i < decoded->facts.size(); ++i) {
    (void)longshore::noise_of(decoded->facts[i]);
    const auto event = longshore::admit(decoded->facts[i], i, source, {}, longshore::Time{});
    if (event) require(!longshore::event_json(*event, longshore::EventIdIn::line).empty());
  }
  (void)longshore::decode_to_json(type, headers, body);
  return 0;
}
