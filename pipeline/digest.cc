// SPDX-License-Identifier: Apache-2.0
#include "pipeline/digest.h"

#include <algorithm>

#include "pipeline/text.h"

namespace longshore {
namespace {

Error bad(std::string_view text, std::string_view why) {
  return Error{Errc::invalid_input,
               "digest '" + std::string(text.substr(0, 160)) + "': " + std::string(why)};
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return bad(text, "expected sha256:<64 hex digits>");
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = text.substr(colon + 1);
  const std::size_t want = algorithm == "sha256" ? 64 : algorithm == "sha512" ? 128 : 0;
  if (want == 0) return bad(text, "the algorithm has to be sha256 or sha512");
  if (hex.size() != want) return bad(text, "needs " + std::to_string(want) + " hex digits");
  if (!std::all_of(hex.begin(), hex.end(), is_lower_hex)) {
    return bad(text, "only lower-case hex digits may follow the colon");
  }
  return Digest(std::string(text));
}

}  // namespace longshore
