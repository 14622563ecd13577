// SPDX-License-Identifier: Apache-2.0
//
// Any request to a source of any type. The first byte chooses the type; of the lines that follow
// the first is the query, the second the end of the path, the others are header fields, and after
// an empty line comes the body. Nobody gets in without the token and the secret, whatever is shown;
// and with the token in the place of the sender everybody does, whatever else is shown, unless it
// is in the same place.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "receiver/authenticate.h"
#include "receiver/source_kind.h"

namespace {

using longshore::Headers;
using longshore::HttpRequest;
using longshore::SourceKind;
using longshore::SourceOptions;

constexpr longshore::Time kNow{std::chrono::seconds{1767261600}};
// Nothing that grows out of the known inputs is ever one of these.
const std::string kToken = "0d6b1e0c-5f1b-4d8e-9a38-token-of-the-source";
const std::string kSecret = "whsec_c2VjcmV0LW9mLXRoZS1zb3VyY2UtMzItYnl0ZXMh";

void require(bool holds) {
  if (!holds) std::abort();
}

struct Shown {
  std::string query;
  std::string path_token;
  Headers headers;
  std::string body;
};

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

Shown read(std::string_view text) {
  Shown shown;
  shown.query = take_line(text);
  shown.path_token = take_line(text);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(':'), line.size());
    shown.headers.emplace_back(line.substr(0, colon),
                               line.substr(std::min(colon + 1, line.size())));
  }
  shown.body = text;
  return shown;
}

bool gets_in(const SourceOptions& source, const Shown& shown) {
  const HttpRequest request{"POST",        "/hooks/x", shown.query,
                            shown.headers, shown.body, "192.0.2.1"};
  const auto proven = longshore::authenticate(source, request, shown.path_token, kNow);
  if (proven) return true;
  require(proven.error().code == longshore::Errc::unauthorized);
  require(!proven.error().message.empty());
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto kinds = longshore::source_kinds();
  const SourceKind& kind = *kinds[data[0] % kinds.size()];
  Shown shown = read({reinterpret_cast<const char*>(data) + 1, size - 1});
  SourceOptions source;
  source.name = "x";
  source.type = kind.type;
  require(!gets_in(source, shown));  // neither keys nor insecure
  source.tokens = {kToken};
  require(!gets_in(source, shown));
  source.secrets = {kSecret};
  require(!gets_in(source, shown));
  source.tokens.clear();
  require(!gets_in(source, shown));

  source.secrets.clear();
  source.tokens = {"another token", kToken};
  shown.path_token = kToken;
  require(gets_in(source, shown));
  source.insecure = true;
  shown.path_token.clear();
  source.tokens.clear();
  require(gets_in(source, shown));
  return 0;
}
